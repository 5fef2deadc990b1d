"""Fixtures of the commands' tests: a command line in this process, a small business to look at."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest

from flows import cli
from tests.e2e.alerting import Terminal, open_shop

SEED = Path(__file__).with_name("seed.sql")


@pytest.fixture
def waterline(monkeypatch, tmp_path, capsys):
    """Give a function that runs a command line in this process: (exit code, stdout, stderr)."""
    for name in [name for name in os.environ if name.startswith("WATERLINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WATERLINE_HOME", str(tmp_path / "home"))

    def call(line: str, **environ: str) -> tuple[int, str, str]:
        for name, value in environ.items():
            monkeypatch.setenv(f"WATERLINE_{name}", value)
        try:
            code = cli.main(line.split())
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture(scope="module")
def seeded(new_database):
    """Give the DSN of a database with a small business in it."""
    with new_database() as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute(SEED.read_text())
        yield dsn


@pytest.fixture(scope="module")
def shop(stack, new_database, tmp_path_factory):
    """Give the settings of an installation with a business in it that has alerts."""
    with open_shop(stack, new_database, tmp_path_factory.mktemp("shop")) as settings:
        yield settings


@pytest.fixture
def terminal(shop, monkeypatch, capsys):
    """Give a terminal of the installation."""
    return Terminal(shop, monkeypatch, capsys)
