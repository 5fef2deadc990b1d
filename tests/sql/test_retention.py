"""Old rows go, what is worked out from them stays right."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import errors

from connectors.checks import Checks
from flows.checks import QUERIES
from flows.cli import main
from flows.retention import retain
from tests.sql.shelves import figures, insert, policy, rows, warehouse

pytestmark = pytest.mark.stack
NOW = datetime.now(UTC).replace(microsecond=0)


def ago(days: int) -> datetime:
    """Return the instant so many days ago."""
    return NOW - timedelta(days=days)


def moved(conn, days, quantity, **more) -> None:
    """Insert a leg of so many days ago."""
    row = {
        "occurred_at": ago(days), "committed_at": ago(days), "warehouse": "W", "sku": "tea",
        "status": "sellable", "type": "inbound", "quantity": quantity,
        "event_id": f"e{days}", "log_partition": 0, "log_offset": days,
    }  # fmt: skip
    insert(conn, "movements", **(row | more))


@pytest.fixture
def old(settings):
    """Give settings whose database holds rows of several ages."""
    with psycopg.connect(settings.dsn) as conn:
        warehouse(conn, clock_at=NOW)
        for days, quantity in ((2000, 10), (1500, 5), (1500, -5), (1200, -3), (760, 4), (5, -1)):
            moved(conn, days, quantity)
        moved(conn, 1300, 7, lot="L", type="transfer_in", counterpart="V", document="T")
        insert(
            conn, "transfers", document="T", sku="tea", **{"from": "V", "to": "W"}, shipped=7,
            received=7, shipped_at=ago(1310), received_at=ago(1300),
        )  # fmt: skip
        figures(conn, "tea", 17)
        for days in (100, 5):
            insert(
                conn, "stock_history", at=ago(days), warehouse="W", sku="tea", on_hand=1,
                reserved=0, available=1, water_level="green", log_partition=0, log_offset=0,
            )  # fmt: skip
            insert(conn, "demand_daily", day=ago(9 * days), warehouse="W", sku="tea", issues=1)
            insert(
                conn, "rejects", at=ago(5 * days), topic="t", partition=0, offset=days, n=0,
                code="bad_value", message="m",
            )  # fmt: skip
    return settings


def drift(settings, name) -> int:
    """Return how many figures an invariant finds wrong."""
    with Checks(settings.dsn, QUERIES, seconds=30) as checks:
        return checks.look(name).wrong


def ask(settings, query):
    """Return the rows of a query."""
    with psycopg.connect(settings.dsn) as conn:
        return rows(conn, query)


def test_movements_leave_their_sums(old):
    """Old chunks go, stock as of a kept time and the invariants stay what they were."""
    query = f"SELECT lot, on_hand FROM stock_as_of('{ago(700)}') ORDER BY lot"
    before = ask(old, query)
    assert before == [("", 11), ("L", 7)]
    assert drift(old, "on_hand_movements") == drift(old, "transfers") == 0
    done = {one.relation: one for one in retain(old)}
    assert done["movements"].chunks == 4
    assert ask(old, "SELECT count(*) FROM movements") == [(2,)]
    assert ask(old, "SELECT lot, quantity FROM movement_balances ORDER BY lot") == [
        ("", 7), ("L", 7)
    ]  # fmt: skip
    assert ask(old, query) == before
    assert ask(old, f"SELECT * FROM stock_as_of('{ago(1250)}')") == []
    assert drift(old, "on_hand_movements") == drift(old, "transfers") == 0


def test_running_again_changes_nothing_and_later_chunks_add_up(old):
    """Sums of a later run are added to those of the first."""
    retain(old)
    assert {one.relation for one in retain(old) if one.chunks or one.rows} == set()
    with psycopg.connect(old.dsn) as conn:
        moved(conn, 1000, 2)
        moved(conn, 1001, -9)
    retain(old)
    assert ask(old, "SELECT lot, quantity FROM movement_balances") == [("L", 7)]


def test_other_tables_lose_what_is_older_than_their_days(old):
    """Chunks of the hypertables, rows of the others; what has no days stays for ever."""
    done = {one.relation: one for one in retain(old)}
    assert (done["stock_history"].chunks, done["demand_daily"].chunks) == (1, 1)
    assert done["rejects"].rows == 1
    assert "journal" not in {name for name, one in done.items() if one.before}
    assert ask(old, "SELECT count(*) FROM stock_history") == [(1,)]
    assert ask(old, "SELECT count(*) FROM demand_daily") == [(1,)]
    assert ask(old, "SELECT count(*) FROM rejects") == [(1,)]


def test_what_the_fold_needs_outlives_its_settings(old):
    """Never less than the longest frozen horizon and a year, whatever the table says."""
    with psycopg.connect(old.dsn) as conn:
        conn.execute("UPDATE inventory.retention SET keep_days = 1 WHERE relation = 'movements'")
        policy(conn, "frozen_after_days", 410, warehouse="V")
    retain(old)
    assert ask(old, "SELECT quantity FROM movements ORDER BY occurred_at") == [(4,), (-1,)]


@pytest.mark.parametrize("relation", ["journal", "stock_daily", "turnover_daily"])
def test_what_the_fold_reads_from_its_beginning_is_kept_for_ever(old, relation):
    """A number of days is refused; NULL is what it has anyway."""
    change = "UPDATE inventory.retention SET keep_days = %s WHERE relation = %s"
    with psycopg.connect(old.dsn) as conn:
        conn.execute(change, [None, relation])
        with pytest.raises(errors.CheckViolation, match="retention_fold_needs_all_of_it"):
            conn.execute(change, [5000, relation])


def test_clock_behind_keeps_everything(old):
    """What is old goes by the earliest clock: a clock that runs ahead drops nothing."""
    with psycopg.connect(old.dsn) as conn:
        conn.execute("UPDATE inventory.offsets SET clock_at = %s", [ago(1900)])
    retain(old)
    assert ask(old, "SELECT count(*) FROM movements") == [(7,)]


def test_dry_run_only_tells(old):
    """It says how many chunks would go, and lets them be."""
    done = {one.relation: one for one in retain(old, dry_run=True)}
    assert (done["movements"].chunks, done["rejects"].rows) == (4, 1)
    assert ask(old, "SELECT count(*) FROM movements") == [(7,)]
    assert ask(old, "SELECT count(*) FROM retention WHERE done_at IS NOT NULL") == [(0,)]


def test_writer_that_holds_a_chunk_is_waited_for(old):
    """A lock that somebody holds is waited for and tried again, not an error."""
    with psycopg.connect(old.dsn) as conn:
        conn.execute("SELECT * FROM inventory.movements FOR UPDATE")
        with pytest.raises(errors.LockNotAvailable), psycopg.connect(old.dsn) as other:
            other.execute("SELECT * FROM inventory.forget('movements')")
    assert retain(old)


def test_only_the_writer_may_forget(old):
    """Who reads may not let rows go."""
    with psycopg.connect(old.dsn) as conn:
        conn.execute("SET ROLE waterline_writer")
        conn.execute("SELECT * FROM inventory.forget('movements')")
        conn.execute("SET ROLE waterline_analyst")
        with pytest.raises(errors.InsufficientPrivilege):
            conn.execute("SELECT * FROM inventory.forget('movements')")


def test_command_tells_what_went(old, monkeypatch, capsys):
    """A table for a person, one document for a program."""
    monkeypatch.setenv("WATERLINE_DSN", old.dsn)
    assert main(["retention", "--dry-run", "--json"]) == 0
    found = {row["relation"]: row for row in json.loads(capsys.readouterr().out)}
    assert (found["movements"]["chunks"], found["journal"]["keep_days"]) == (4, None)
    assert main(["retention"]) == 0
    out = capsys.readouterr().out
    assert "movements" in out
    assert "for ever" in out
    assert "the fold reads them from their beginning" in out
