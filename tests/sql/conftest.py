"""Fixtures of the schema's tests: what a catalogue says, and the golden files to compare with."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest

DATA = Path(__file__).with_name("data")


@pytest.fixture(scope="session")
def listing():
    """Give a function that returns the lines of a query of `data/` as one text."""

    def read(dsn: str, query: str) -> str:
        with psycopg.connect(dsn) as conn:
            conn.execute("SET search_path = pg_catalog")
            rows = conn.execute((DATA / f"{query}.sql").read_text().encode()).fetchall()
        return "\n".join(line.rstrip() for (text,) in rows for line in text.splitlines()) + "\n"

    return read


@pytest.fixture(scope="session")
def golden():
    """Give a function that returns a golden file; WATERLINE_GOLDEN=write writes it first."""

    def read(name: str, found: str) -> str:
        path = DATA / name
        if os.environ.get("WATERLINE_GOLDEN") == "write":
            path.write_text(found)
        return path.read_text()

    return read


@pytest.fixture(scope="session")
def migrated(new_database):
    """Give the DSN of a migrated database that no test changes for good."""
    with new_database() as dsn:
        yield dsn
