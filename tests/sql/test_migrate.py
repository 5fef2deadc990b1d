"""`waterline migrate`: once, twice, two at a time, by whom, and what it refuses."""

from __future__ import annotations

import shutil
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from connectors.migrate import LOCK_KEY, SQL, freeze, migrate, read_folder
from connectors.trouble import Trouble
from flows.cli import main

pytestmark = pytest.mark.stack
NAMES = tuple(file.name for file in read_folder(SQL / "migrations"))


@pytest.fixture
def sources(tmp_path):
    """Give a copy of the sql folder that a test may change."""
    return shutil.copytree(SQL, tmp_path / "sql")


@contextmanager
def login(dsn: str, options: str, *groups: str):
    """Give a DSN of the same database for a new role, which is dropped afterwards."""
    name = f"waterline_somebody_{uuid.uuid4().hex[:8]}"
    who, password = sql.Identifier(name), uuid.uuid4().hex
    with psycopg.connect(dsn, autocommit=True) as conn:
        make = sql.SQL("CREATE ROLE {} LOGIN " + options + " PASSWORD {}")
        conn.execute(make.format(who, sql.Literal(password)))
        for group in groups:
            conn.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), who))
        try:
            yield make_conninfo(dsn, user=name, password=password)
        finally:
            conn.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(who))
            conn.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(who))
            conn.execute(sql.SQL("DROP ROLE {}").format(who))


def test_twice_changes_nothing(empty_database, listing):
    """The second run applies nothing and the catalogue stays as it was."""
    with empty_database() as dsn:
        first = migrate(dsn)
        before = listing(dsn, "schema"), listing(dsn, "privileges")
        second = migrate(dsn)
        assert (listing(dsn, "schema"), listing(dsn, "privileges")) == before
    assert (first.applied, first.before) == (NAMES, 0)
    assert (second.applied, second.before) == ((), len(NAMES))


def test_two_at_once_take_turns(empty_database):
    """Of migrations started together one applies each file and the others find it done."""
    with empty_database() as dsn, ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: migrate(dsn), range(4)))
    assert sorted(len(report.applied) for report in reports) == [0, 0, 0, len(NAMES)]


def test_databases_of_one_server_do_not_disturb_each_other(empty_database):
    """Roles belong to the server; several databases may be migrated in the same moment."""
    with empty_database() as one, empty_database() as two, ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(migrate, (one, two)))
    assert [report.applied for report in reports] == [NAMES] * 2


def test_waiting_says_so(empty_database):
    """Who waits for another migration is told."""
    said: list[str] = []
    with empty_database() as dsn, ThreadPoolExecutor(1) as pool:
        with psycopg.connect(dsn, autocommit=True) as conn:
            conn.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
            job = pool.submit(migrate, dsn, SQL, said.append)
            while not said:
                assert not job.done()
                time.sleep(0.02)
        assert job.result(timeout=60).applied == NAMES
    assert said[0] == "another migration of this database is running: waiting for it"


def test_changed_file_is_refused(database, sources):
    """A file that ran and was edited since is named, and nothing is done."""
    (sources / "migrations" / "0003_stock.sql").write_text("SELECT 1;")
    with pytest.raises(Trouble, match=r"0003_stock\.sql was changed after it ran here"):
        migrate(database, sources)


def test_newer_database_is_refused(database, sources):
    """A database that knows a migration which the program does not is left alone."""
    (sources / "migrations" / NAMES[-1]).unlink()
    with pytest.raises(Trouble, match=f"{NAMES[-1]}, which this version does not know"):
        migrate(database, sources)


def test_failing_file_leaves_nothing_behind(database, sources):
    """A file's own error names the file, and the half of it that worked is undone."""
    (sources / "migrations" / "0099_wrong.sql").write_text(
        "CREATE TABLE inventory.half (x int); SELECT nothing;"
    )
    with pytest.raises(Trouble, match=r'^0099_wrong\.sql: column "nothing" does not exist$'):
        migrate(database, sources)
    with psycopg.connect(database) as conn:
        assert conn.execute("SELECT to_regclass('inventory.half')").fetchone() == (None,)
    assert migrate(database).applied == ()


def test_wrong_comment_is_named(database, sources):
    """A line of the comments' catalogue for an object that is not there is named."""
    with (sources / "comments" / "inventory.tsv").open("a", encoding="utf-8") as file:
        file.write("stock.nonsense\tNothing.\t无。\n")
    with pytest.raises(Trouble, match=r"does not have: stock\.nonsense"):
        migrate(database, sources)


def test_owner_without_superuser_can_upgrade(database):
    """A member of waterline_owner migrates a database that an administrator has made."""
    with login(database, "NOSUPERUSER", "waterline_owner") as dsn:
        assert migrate(dsn).before == len(NAMES)


def test_database_owner_who_creates_roles_needs_no_superuser(empty_database, listing, migrated):
    """A managed server's administrator (CREATEROLE, owner of the database) can do everything."""
    with empty_database() as admin, login(admin, "CREATEROLE") as dsn:
        with psycopg.connect(admin, autocommit=True) as conn:
            name, who = conninfo_to_dict(dsn)["dbname"], conninfo_to_dict(dsn)["user"]
            owner = sql.SQL("ALTER DATABASE {} OWNER TO {}")
            conn.execute(owner.format(sql.Identifier(str(name)), sql.Identifier(str(who))))
            # The roles are there already, made by somebody else: their administrator hands them on.
            conn.execute(sql.SQL("GRANT waterline_owner TO {}").format(sql.Identifier(str(who))))
        said: list[str] = []
        assert migrate(dsn, SQL, said.append).applied == NAMES
        assert listing(admin, "schema") == listing(migrated, "schema")
        assert all("may not alter it" in line for line in said if line.startswith("warning"))


def test_stranger_is_told_which_right_lacks(database):
    """A role without rights gets one sentence that says what to do."""
    with login(database, "NOSUPERUSER") as dsn:
        with pytest.raises(Trouble, match="permission denied for database"):
            migrate(dsn)
        with psycopg.connect(database, autocommit=True) as conn:
            name, who = conninfo_to_dict(dsn)["dbname"], conninfo_to_dict(dsn)["user"]
            grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
            conn.execute(grant.format(sql.Identifier(str(name)), sql.Identifier(str(who))))
        with pytest.raises(Trouble, match=r"lacks a right that 001_roles\.sql needs"):
            migrate(dsn)


def test_unreachable_database_is_one_sentence_without_the_password():
    """No server at the address: the sentence names the place and keeps the secret."""
    with pytest.raises(Trouble) as caught:
        migrate("postgresql://somebody:hush@127.0.0.1:1/nowhere")
    assert "nowhere at 127.0.0.1:1" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_malformed_dsn_is_one_sentence():
    """A DSN that cannot be read is said to be so, without repeating it."""
    with pytest.raises(Trouble, match="the DSN cannot be read"):
        migrate("not a dsn with=hush")


def test_freeze_records_every_file(sources):
    """Freezing writes the sum of each migration below the file's own explanation."""
    assert freeze(sources) == len(NAMES)
    lines = (sources / "migrations" / "frozen.txt").read_text().splitlines()
    assert [line.split()[-1] for line in lines if not line.startswith("#")] == list(NAMES)
    assert lines[0].startswith("#")


def test_command_says_what_it_did(empty_database, monkeypatch, capsys):
    """`waterline migrate` names the database and how many migrations it applied."""
    with empty_database() as dsn:
        monkeypatch.setenv("WATERLINE_DSN", dsn)
        assert main(["migrate"]) == 0
        assert f"{len(NAMES)} migrations applied, 0 were there before" in capsys.readouterr().out
        monkeypatch.setenv("WATERLINE_LANG", "zh-CN")
        assert main(["migrate"]) == 0
        assert f"已是最新（{len(NAMES)} 个迁移）" in capsys.readouterr().out
