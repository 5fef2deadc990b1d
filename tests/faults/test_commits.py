"""Connections cut in mid-COPY and mid-COMMIT, deadlocks, failed serialization, a slow database."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from tests.dataflow.running import (
    clean,
    consumed,
    counters,
    drain,
    ended,
    flow,
    lay,
    put,
    receipts,
    rows,
    wait_for,
)
from tests.faults.compare import same
from tests.faults.crew import same_homes
from tests.faults.proxy import through
from tests.faults.story import story
from tests.faults.tally import LONG

pytestmark = pytest.mark.stack
EVENTS = 16_000 if LONG else 4000
SMALL = 2000 if LONG else 60
CUTS = ("before commit", "after commit", "in copy")


@pytest.mark.parametrize("where", CUTS)
def test_a_connection_cut_at_the_worst_instant(settings, reference, tally, where):
    """The batch is written once: a lost answer is looked up, a lost question asked again."""
    batches = [story(EVENTS, seed=21)[n::4] for n in range(4)]
    total, every = 0, 8 if where == "in copy" else 3  # a batch has several COPYs, all must pass
    with (
        through(settings.dsn, cut=where, every=every) as proxy,
        flow(replace(settings, dsn=proxy.dsn)) as running,
    ):
        for batch in batches:  # several batches, so that there are many commits
            total += lay(settings, batch)
            wait_for(lambda: consumed(settings) == total or running.poll() is not None, 60)  # noqa: B023
        running.terminate()
        code, told = ended(running)
    assert proxy.cuts >= 2
    assert code == 0, told
    assert "Traceback" not in told
    assert consumed(settings) == total
    same_homes(settings, reference)
    drain(reference)
    same(settings, reference)
    clean(settings)
    tally.add(f"connection cut {where.replace('in ', 'in mid-')}", proxy.cuts)


def test_a_slow_database_is_exact_all_the_same(settings, reference, tally):
    """Each answer comes 50 to 200 ms late: the fold, a batch ahead, reads nothing half done."""
    total = lay(settings, story(SMALL, seed=22))
    with (
        through(settings.dsn, delay=(0.05, 0.2)) as proxy,
        flow(replace(settings, dsn=proxy.dsn)) as running,
    ):
        wait_for(lambda: consumed(settings) == total or running.poll() is not None, 90)
        total += lay(settings, story(2 * SMALL, seed=22)[SMALL:])
        wait_for(lambda: consumed(settings) == total or running.poll() is not None, 90)
        running.terminate()
        code, told = ended(running, 30)
        assert code == 0
        # A commit of many statements may take so long here that the flow says what it waits for.
        assert all("no answer for" in line for line in told.splitlines()), told
    same_homes(settings, reference)
    drain(reference)
    same(settings, reference)
    clean(settings)
    tally.add("each answer of PostgreSQL 50–200 ms late")


def test_a_deadlock_is_the_same_batch_again(settings, tally):
    """A person's session and the flow wait for each other: the flow gives way and tries again."""
    put(settings, 0, *receipts(1000))
    with flow(settings) as running:
        wait_for(lambda: consumed(settings) == 1000)
        with psycopg.connect(settings.dsn) as other:
            other.execute("SET deadlock_timeout = '60s'")
            other.execute("SELECT FROM inventory.stock WHERE sku = 'S499' FOR UPDATE")
            put(settings, 0, *receipts(1000, 1000))
            wait_for(lambda: waiting(settings))
            other.execute("SELECT FROM inventory.offsets WHERE log_partition = 0 FOR UPDATE")
            other.rollback()
        wait_for(lambda: consumed(settings) == 2000)
        running.terminate()
        code, told = ended(running)
    assert code == 0, told
    assert "deadlock" in told
    assert counters(settings) == (2000, 2000, 2000, 0, 0)
    clean(settings)
    tally.add("deadlock with another session")


def test_a_failed_serialization_is_the_same_batch_again(settings, tally):
    """Another session changed the row after the transaction's snapshot: 40001, tried again."""
    name = settings.dsn.rpartition("/")[2]
    with psycopg.connect(settings.dsn, autocommit=True) as other:
        other.execute(
            f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'"
        )
    put(settings, 0, *receipts(1000))
    with flow(settings) as running:
        wait_for(lambda: consumed(settings) == 1000)
        with psycopg.connect(settings.dsn) as other:
            other.execute("UPDATE inventory.stock SET version = version WHERE sku = 'S499'")
            put(settings, 0, *receipts(1000, 1000))
            wait_for(lambda: waiting(settings))
            other.commit()
        wait_for(lambda: consumed(settings) == 2000)
        running.terminate()
        code, told = ended(running)
    assert code == 0, told
    assert "serialize" in told
    assert counters(settings) == (2000, 2000, 2000, 0, 0)
    clean(settings)
    tally.add("serialization failure")


def waiting(settings):
    """Return whether a stock session waits for a lock."""
    query = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND starts_with(application_name, 'waterline stock') AND wait_event_type = 'Lock'"
    )
    return rows(settings, query)
