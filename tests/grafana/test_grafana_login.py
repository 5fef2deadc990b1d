"""The login that `waterline grafana` makes can read what boards show, and do nothing else."""

from __future__ import annotations

import stat
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo, errors, sql

from flows.settings import environment_of_children

pytestmark = pytest.mark.stack
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def login(new_database, tmp_path_factory) -> Iterator[tuple[str, dict[str, str], str]]:
    """Give the login's DSN, the environment of the command and what it printed."""
    name, home = f"wl_grafana_{uuid.uuid4().hex[:8]}", tmp_path_factory.mktemp("home")
    with new_database() as dsn:
        environ = environment_of_children() | {"WATERLINE_DSN": dsn, "WATERLINE_HOME": str(home)}
        environ |= {"WATERLINE_GRAFANA_USER": name}
        environ.pop("WATERLINE_GRAFANA_PASSWORD", None)
        try:
            done = command(environ, "--env")
            assert done.returncode == 0, done.stderr
            password = (home / "secrets" / "grafana_password").read_text().strip()
            yield conninfo.make_conninfo(dsn, user=name, password=password), environ, done.stdout
        finally:
            drop_role(dsn, name)


def drop_role(dsn: str, name: str) -> None:
    """Drop the login; a migration of another test may be writing its settings at this moment."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for _ in range(20):
            try:
                drop = sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name))
                connection.execute(drop)
            except errors.InternalError_:
                time.sleep(0.2)
            else:
                return


def command(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `waterline grafana`."""
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", "grafana", *arguments],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_it_reads_the_views_of_boards_by_their_plain_names(login):
    """Grafana shows them in its query builder too."""
    with psycopg.connect(login[0]) as connection:
        connection.execute("SELECT * FROM open_alerts LIMIT 1")
        connection.execute("SELECT * FROM screen.heartbeats")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM inventory.stock",
        "SELECT * FROM inventory.endpoint_secrets",
        "SELECT * FROM pg_authid",
        "CREATE TEMP TABLE mine (x int)",
        "CREATE TABLE screen.mine (x int)",
        "DELETE FROM inventory.alert_state",
        "SET ROLE waterline_analyst",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_it_does_nothing_else_even_when_it_gives_up_its_settings(login, statement):
    """A setting can be set otherwise by whoever writes SQL; rights cannot."""
    with psycopg.connect(login[0], autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises((errors.InsufficientPrivilege, errors.InvalidSchemaName)):
            connection.execute(statement.encode())


def test_it_writes_nothing_and_is_cut_off_after_two_seconds(login):
    """Its own settings say so: a group's do not reach its members."""
    with psycopg.connect(login[0], autocommit=True) as connection:
        with pytest.raises(errors.ReadOnlySqlTransaction):
            connection.execute("CREATE TABLE screen.mine (x int)")
        began = time.monotonic()
        with pytest.raises(errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(10)")
        assert 1.5 < time.monotonic() - began < 8


def test_its_password_is_known_to_one_file_only(login):
    """Neither the command's output nor the server has it; the file is its owner's."""
    dsn, environ, printed = login
    password = conninfo.conninfo_to_dict(dsn)["password"]
    file = Path(environ["WATERLINE_HOME"]) / "secrets" / "grafana_password"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert password not in printed
    with psycopg.connect(environ["WATERLINE_DSN"]) as connection:
        (kept,) = connection.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = %s",
            [environ["WATERLINE_GRAFANA_USER"]],
        ).fetchone()
    assert kept.startswith("SCRAM-SHA-256$")


def test_a_shell_gets_every_variable_that_the_files_name(login):
    """`eval` of what is printed, and Grafana starts."""
    script = 'set -eu; eval "$1"; env'
    environ = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        ["/bin/bash", "-c", script, "bash", login[2]],
        env=environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    got = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    named = set()
    for path in (ROOT / "grafana" / "provisioning").rglob("*.yaml"):
        named |= set(re_variables(path.read_text()))
    assert named <= got.keys()
    assert got["WATERLINE_GRAFANA_PASSWORD"] == conninfo.conninfo_to_dict(login[0])["password"]
    assert got["GF_DASHBOARDS_MIN_REFRESH_INTERVAL"] == "1s"
    assert got["GF_UNIFIED_ALERTING_MIN_INTERVAL"] == "10s"
    assert got["GF_AUTH_ANONYMOUS_ENABLED"] == got["GF_USERS_ALLOW_SIGN_UP"] == "false"
    assert Path(got["GF_PATHS_PROVISIONING"]).is_dir()
    assert (Path(got["WATERLINE_GRAFANA_HOME"]) / "dashboards" / "zh-CN").is_dir()


def re_variables(text: str) -> list[str]:
    """Return the variables of ours that a file names."""
    return [word for word in text.replace("/", " ").replace("$", " ").split()
            if word.startswith("WATERLINE_") and word.isupper()]  # fmt: skip


def test_running_it_again_keeps_the_password_and_takes_away_what_is_too_much(login):
    """A login that somebody made a member of another group is a reader of boards again."""
    dsn, environ, _ = login
    name = sql.Identifier(environ["WATERLINE_GRAFANA_USER"])
    with psycopg.connect(environ["WATERLINE_DSN"], autocommit=True) as connection:
        connection.execute(sql.SQL("GRANT waterline_analyst TO {}").format(name))
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT 1 FROM inventory.stock")
    again = command(environ)
    assert again.returncode == 0, again.stderr
    with psycopg.connect(dsn) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute("SELECT 1 FROM inventory.stock")


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"WATERLINE_GRAFANA_USER": "waterline_admin"}, "rights of its own"),
        ({"WATERLINE_GRAFANA_USER": "waterline_analyst"}, "rights of its own"),
        ({"WATERLINE_GRAFANA_PASSWORD": "a$HOME-0123456789abcdef"}, "WATERLINE_GRAFANA_PASSWORD"),
    ],
)
def test_it_refuses_what_would_do_harm_in_one_sentence(login, variables, sentence):
    """Neither an administrator's password is changed nor is one taken that Grafana would expand."""
    done = command(login[1] | variables)
    assert done.returncode in {1, 2}
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
