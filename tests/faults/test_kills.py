"""The stock flow under kill -9, cut connections and frozen processes: the tables stay exact.

`WATERLINE_FAULTS=long` sends ten times as many events and kills more often.
"""

from __future__ import annotations

import random
import signal
import time

import psycopg
import pytest

from connectors.trouble import STOPPED
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
from tests.faults.story import story
from tests.faults.tally import LONG

pytestmark = pytest.mark.stack
EVENTS = 60_000 if LONG else 10_000
KILLS = 30 if LONG else 3


def test_killed_at_any_moment_the_tables_are_those_of_an_undisturbed_run(
    settings, reference, tally
):
    """SIGKILL in the middle of batches and commits, started anew each time."""
    sent = lay(settings, story(EVENTS))
    chance, killed = random.Random(3), 0
    for _ in range(KILLS * 4):
        with flow(settings, "--drain") as running:
            before = consumed(settings)
            wait_for(lambda: consumed(settings) > before or running.poll() is not None)  # noqa: B023
            time.sleep(chance.random() * 0.25)
            if running.poll() is None:
                running.kill()
                killed += 1
        if consumed(settings) == sent:
            break
    drain(settings)
    assert killed
    assert consumed(settings) == sent
    same_homes(settings, reference)
    drain(reference)
    same(settings, reference)
    clean(settings)
    tally.add("kill -9 of stock while it reads a backlog", killed)


def test_killed_while_it_starts_or_claims(settings):
    """Also before its first batch: nothing is half claimed."""
    put(settings, 0, *receipts(2000))
    chance = random.Random(5)
    for _ in range(3):
        with flow(settings, "--drain") as running:
            time.sleep(0.4 + chance.random())
            running.kill()
    drain(settings)
    assert counters(settings) == (2000, 2000, 2000, 0, 0)
    clean(settings)


def test_cut_connections_are_made_anew_and_nothing_is_written_twice(settings, tally):
    """The server ends every session of the flow, again and again, while it works."""
    sent = lay(settings, story(EVENTS // 4, seed=11))
    chance, cuts = random.Random(4), 0
    with flow(settings, "--drain") as running:
        wait_for(lambda: consumed(settings) or running.poll() is not None)
        while running.poll() is None and consumed(settings) < sent:
            time.sleep(0.05 + chance.random() * 0.3)
            cuts += cut(settings)
        code, told = ended(running, 30)
    assert cuts
    assert code == 0, told
    assert consumed(settings) == sent
    clean(settings)
    tally.add("all sessions of the flow ended by the server", cuts)


def cut(settings):
    """End all other sessions of the database; return how many were the stock flow's."""
    with psycopg.connect(settings.dsn, autocommit=True) as connection:
        found = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
            " current_database() AND application_name LIKE 'waterline%'"
        ).fetchall()
    return len(found)


def test_a_frozen_flow_that_wakes_up_finds_another_owner(settings):
    """Stopped between two batches, replaced, woken: one owner, and no row twice."""
    put(settings, 0, *receipts(1000))
    with flow(settings) as zombie:
        wait_for(lambda: consumed(settings) == 1000)
        zombie.send_signal(signal.SIGSTOP)
        code, told = replaced(settings, zombie, 1000)
    assert (code, "Traceback" in told) == (STOPPED, False)
    assert "taken over by another stock flow" in told
    clean(settings)


def test_a_flow_frozen_inside_a_transaction_is_replaced_all_the_same(settings):
    """Its locks do not keep the heir out for ever; woken, it ends and has written nothing."""
    for partition, house in enumerate("ABCD"):
        put(settings, partition, *receipts(20_000, 20_000 * partition, house))
    with flow(settings) as zombie:
        wait_for(lambda: consumed(settings))
        wait_for(lambda: in_transaction(settings))
        zombie.send_signal(signal.SIGSTOP)
        code, told = replaced(settings, zombie, 80_000)
    assert code != 0
    assert "Traceback" not in told
    clean(settings)


def in_transaction(settings):
    """Return whether a stock session is inside a transaction that has written."""
    with psycopg.connect(settings.dsn) as connection:
        return connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name LIKE 'waterline stock%' AND backend_xid IS NOT NULL"
        ).fetchall()


def replaced(settings, zombie, total):
    """Start an heir that takes over, wake the zombie; return how that one ended."""
    with flow(settings) as heir:
        wait_for(lambda: owned(settings, heir.pid), 45)
        wait_for(lambda: consumed(settings) == total)
        zombie.send_signal(signal.SIGCONT)
        put(settings, 0, *receipts(10, 90_000))
        how = ended(zombie, 20)
        wait_for(lambda: consumed(settings) == total + 10)
        heir.terminate()
        code, told = ended(heir)
        assert (code, "Traceback" in told) == (0, False), told  # it may say that it waited
    assert counters(settings) == (total + 10, total + 10, total + 10, 0, 0)
    return how


def owned(settings, pid):
    """Return whether every partition belongs to that process."""
    found = rows(settings, "SELECT owner, count(*) FROM offsets GROUP BY 1")
    return len(found) == 1 and found[0][0].endswith(f":{pid}") and found[0][1] == 8
