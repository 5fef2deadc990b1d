"""The schema is what the golden file says, however a database came to it."""

from __future__ import annotations

import re
import shutil

import psycopg
import pytest

from connectors.comments import OBJECTS, read_comments
from connectors.migrate import SQL, migrate, read_folder

pytestmark = pytest.mark.stack
MIGRATIONS = [file.name for file in read_folder(SQL / "migrations")]


def test_fresh_database_is_the_expected_one(migrated, listing, golden):
    """A fresh database equals the golden listing, object by object."""
    found = listing(migrated, "schema")
    assert found == golden("schema.expected.sql", found)


@pytest.mark.parametrize("count", sorted({1, len(MIGRATIONS) // 2, len(MIGRATIONS) - 1}))
def test_upgraded_database_is_the_fresh_one(count, empty_database, migrated, listing, tmp_path):
    """A database of an older version, with views of its own time, becomes the same."""
    older = tmp_path / "sql"
    shutil.copytree(SQL / "server", older / "server")
    for folder in ("migrations", "replaceable"):
        (older / folder).mkdir()
    for name in MIGRATIONS[:count]:
        shutil.copy(SQL / "migrations" / name, older / "migrations" / name)
    (older / "replaceable" / "old.sql").write_text(
        "DO $$ DECLARE t regclass; BEGIN FOR t IN SELECT c.oid FROM pg_class AS c"
        " WHERE c.relnamespace = 'inventory'::regnamespace AND c.relkind = 'r' LOOP"
        " EXECUTE format('CREATE VIEW screen.%I AS SELECT * FROM %s',"
        " 'old_' || replace(t::text, '.', '_'), t); END LOOP; END $$;"
        "CREATE FUNCTION inventory.trace(sku text) RETURNS text LANGUAGE sql AS 'SELECT sku';"
    )
    with empty_database() as dsn:
        migrate(dsn, older)
        assert migrate(dsn).applied == tuple(MIGRATIONS[count:])
        assert listing(dsn, "schema") == listing(migrated, "schema")
        assert listing(dsn, "privileges") == listing(migrated, "privileges")


def test_released_migrations_are_not_edited():
    """Every file that frozen.txt names still has its sum."""
    sums = {file.name: file.sha256 for file in read_folder(SQL / "migrations")}
    for line in (SQL / "migrations" / "frozen.txt").read_text().splitlines():
        if not line.startswith("#"):
            sha256, name = line.split()
            assert sums.get(name) == sha256, f"{name} is released: put the change in a new file"


def test_migrations_are_numbered_without_gaps():
    """Two branches cannot both bring a number."""
    assert [int(name[:4]) for name in MIGRATIONS] == list(range(len(MIGRATIONS)))


def test_everything_has_a_comment(migrated):
    """Every table, view, type, column and function says what it is."""
    with psycopg.connect(migrated) as conn:
        bare = [f"{kind} {name}" for name, kind, _, text in conn.execute(OBJECTS) if not text]
    assert not bare


def test_comments_are_in_both_languages():
    """The catalogue has an English sentence and a Chinese one, once for each object."""
    comments = read_comments(SQL / "comments")
    assert len({one.name for one in comments}) == len(comments)
    assert [one.name for one in comments if not re.search("[\u4e00-\u9fff]", one.chinese)] == []


def test_hash_runs_are_stored_uncompressed(migrated):
    """Hashes do not compress, so PostgreSQL does not try."""
    with psycopg.connect(migrated) as conn:
        rows = conn.execute(
            "SELECT attname, attstorage FROM pg_attribute"
            " WHERE attrelid = 'event_ids'::regclass AND atttypid = 'bytea'::regtype"
        ).fetchall()
    assert {name: str(kind) for name, kind in rows} == dict.fromkeys(
        ("ids", "prints", "times"), "e"
    )
