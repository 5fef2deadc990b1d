"""Devices that are watched: who is expected to be heard of, which numbers are missing."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from flows.watching import Watcher
from tests.dataflow.running import rows
from tests.dataflow.watched_tables import device, look, scan, silent, told
from tests.sql.shelves import CLOCK, insert

pytestmark = pytest.mark.stack
SILENT = {
    "alone": [("pda-1", 120)],
    "all at home since yesterday": [("pda-1", 13 * 60), ("pda-2", 14 * 60)],
    "others elsewhere": [("pda-1", 120), ("elsewhere", 0)],
    "not for a week": [("pda-1", 7 * 24 * 60), ("pda-2", 0)],
}


@pytest.mark.parametrize("case", SILENT)
def test_a_device_that_nobody_expects_to_hear_is_not_alerted(shop, case):
    """It needs others of its warehouse on the same local day, and to have been heard lately."""
    with psycopg.connect(shop.dsn) as conn:
        for name, minutes in SILENT[case]:
            home = "W2" if name == "elsewhere" else "W"
            device(conn, name, CLOCK - timedelta(minutes=minutes), home)
    look(shop, Watcher(), CLOCK)
    assert told(shop) == []


def test_silence_counts_from_the_beginning_of_the_days_work(shop):
    """In the morning no device of yesterday is alerted before it had its hour to be picked up."""
    began = CLOCK - timedelta(minutes=59)
    with psycopg.connect(shop.dsn) as conn:
        device(conn, "pda-1", CLOCK - timedelta(hours=16))
        device(conn, "pda-2", CLOCK)
        scan(conn, began)
    watcher = Watcher()
    look(shop, watcher, CLOCK)
    assert told(shop) == []
    look(shop, watcher, CLOCK + timedelta(minutes=1))
    assert told(shop) == [("opened", "warning")]


def test_a_device_that_moved_to_another_warehouse_has_no_episode_where_it_was(shop):
    """Its episode there ends with the next look."""
    watcher = Watcher()
    with psycopg.connect(shop.dsn) as conn:
        silent(conn, CLOCK, 60)
    look(shop, watcher, CLOCK)
    with psycopg.connect(shop.dsn) as conn:
        device(conn, "pda-1", CLOCK, "W2")
    look(shop, watcher, CLOCK + timedelta(minutes=1))
    assert told(shop) == [("opened", "warning"), ("resolved", "warning")]


def test_numbers_are_missing_after_a_minute_not_at_once(shop):
    """What is above the number that had come a round ago may be on its way."""
    watcher = Watcher()

    def sent(minute, *numbers):
        at = CLOCK + timedelta(minutes=minute)
        with psycopg.connect(shop.dsn) as conn:
            device(conn, "pda-1", at, numbers=numbers)
        look(shop, watcher, at)
        return told(shop)

    assert sent(0, 1, 2, 3) == []
    assert sent(1, 1, 2, 3, 5, 7) == []
    assert sent(2, 1, 2, 3, 4, 5, 7, 9) == [("opened", "warning")]
    ((observed,),) = rows(shop, "SELECT observed FROM alert_state")
    assert observed == {"device": "pda-1", "missing": 1, "holes": ["6-6"], "last_seq": 9}
    assert len(sent(3, 1, 2, 3, 4, 5, 6, 7, 9)) == 1
    assert sent(4, *range(1, 10), 11) == [("opened", "warning"), ("resolved", "warning")]


def test_numbers_of_two_partitions_are_one_sequence(shop):
    """A device that works at two warehouses misses nothing that came on either partition."""
    with psycopg.connect(shop.dsn) as conn:
        device(conn, "pda-1", CLOCK, numbers=[1, 2, 5])
        insert(
            conn, "device_sequences", log_partition=1, device="pda-1", warehouse="W2", last_seq=4,
            recorded=2, last_seen_at=CLOCK,
        )  # fmt: skip
        insert(
            conn, "device_blocks", device="pda-1", span=1, first_seq=1, log_partition=1,
            bits="0011".ljust(1024, "0"),
        )  # fmt: skip
    watcher = Watcher()
    for minute in range(3):
        look(shop, watcher, CLOCK + timedelta(minutes=minute))
    assert told(shop) == []
