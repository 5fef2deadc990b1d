"""Devices in the database: holes, restarts, both ends of a transfer, the clock, the lag."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import cancel, inbound, outbound, transfer_out
from tests.dataflow.running import at, clean, drain, lay, put, rows

pytestmark = pytest.mark.stack
SHOWN = "device, warehouse, last_seq, seen::text, holes::text, missing, arrived, reused"


def scans(*numbers, device="pda", **fields):
    """Return receipts of one device with these numbers."""
    return [
        inbound(
            *("S1", 1), id=f"{device}-{n}", device=device, device_seq=n, at=at(n % 60), **fields
        )
        for n in numbers
    ]


def devices(settings, columns=SHOWN):
    """Return the rows of the view."""
    return rows(settings, f"SELECT {columns} FROM devices ORDER BY device")


def test_holes_are_shown_and_close_when_what_was_missing_comes(settings):
    """Also through a restart, which reads the ranges again; repeats change nothing."""
    put(settings, 0, *scans(1, 2, 5, 7), *scans(3, device="other"))
    drain(settings)
    assert devices(settings) == [
        ("other", "A", 3, "{[3,4)}", "{[1,3)}", 2, 1, 0),
        ("pda", "A", 7, "{[1,3),[5,6),[7,8)}", "{[3,5),[6,7)}", 3, 4, 0),
    ]
    put(settings, 0, *scans(6, 3, 4, 2, 7))
    drain(settings)
    assert devices(settings)[1] == ("pda", "A", 7, "{[1,8)}", "{}", 0, 7, 0)
    clean(settings)


def test_a_number_used_twice_is_no_repeat(settings):
    """A device that was reset: its new events count, and the reuse is shown."""
    again = inbound("S1", 1, id="new", device="pda", device_seq=2, at=at(9), bin="P")
    put(settings, 0, *scans(1, 2, 3), again)
    drain(settings)
    assert devices(settings)[0][2:] == (3, "{[1,4)}", "{}", 0, 3, 1)
    assert rows(settings, "SELECT on_hand FROM stock") == [(4,)]


def test_a_device_is_one_whatever_partitions_its_events_are_on(settings):
    """Receipts at A, a transfer that is on both partitions, receipts at B."""
    there = transfer_out("S1", 1, to="B", id="t", device="pda", device_seq=2, at=at(2))
    lay(settings, [*scans(1), there, *scans(3, 5, warehouse="B")])
    drain(settings)
    [(device, house, *figures)] = devices(settings)
    assert (device, house in "AB", figures) == (
        "pda",
        True,
        [5, "{[1,4),[5,6)}", "{[4,5)}", 1, 4, 0],
    )
    clean(settings)


def test_an_event_on_several_partitions_counts_once(settings):
    """A transfer is counted where it leaves, a cancel on the first partition; repeats never."""
    there = transfer_out("S1", 1, to="B", id="t", device="pda", device_seq=1, at=at(2))
    undo = cancel("t", id="x", device="pda", device_seq=2, at=at(3), warehouse="B")
    lay(settings, [there, undo, there, undo])
    drain(settings)
    assert devices(settings, "seen::text, missing, reused") == [("{[1,3)}", 0, 0)]
    parts = rows(settings, "SELECT log_partition, recorded FROM device_sequences ORDER BY 1")
    [(home,)] = rows(settings, "SELECT log_partition FROM partitions WHERE warehouse = 'A'")
    assert dict(parts) == ({0: 2} if home == 0 else {0: 1, home: 1})
    clean(settings)


def test_a_device_on_every_partition_is_proved_whole(settings):
    """Its numbers dealt out to four warehouses in no order, with one lost, through restarts."""
    chance, lost = random.Random(7), 2718
    numbers = [n for n in range(1, 5001) if n != lost]
    chance.shuffle(numbers)
    for first in range(0, len(numbers), 1700):
        lay(
            settings,
            [x for n in numbers[first : first + 1700] for x in scans(n, warehouse="ABCD"[n % 4])],
        )
        drain(settings)
    assert devices(settings, "last_seq, holes::text, arrived, reused, unrecorded") == [
        (5000, "{[2718,2719)}", 4999, 0, 0)
    ]
    lay(settings, scans(lost, warehouse="ABCD"[lost % 4]))
    drain(settings)
    assert devices(settings, "last_seq, seen::text, missing") == [(5000, "{[1,5001)}", 0)]
    clean(settings)


def test_a_whole_block_is_one_bit_of_the_block_above(settings):
    """The block itself goes, also when it is filled after a restart."""
    put(settings, 0, *scans(*range(1, 1024)))
    drain(settings)
    blocks = "SELECT span, first_seq, bit_count(bits) FROM device_blocks"
    assert rows(settings, blocks) == [(1, 1, 1023)]
    put(settings, 0, *scans(1024))
    drain(settings)
    assert rows(settings, blocks) == [(1024, 1, 1)]
    put(settings, 0, inbound("S1", 1, id="new", device="pda", device_seq=5, at=at(9)))
    drain(settings)
    assert devices(settings, "arrived, missing, reused") == [(1024, 0, 1)]
    clean(settings)


def test_numbers_that_no_range_can_hold_do_not_stop_the_flow(settings):
    """The largest bigint, and 0."""
    put(settings, 0, *scans(0, 2**63 - 1, 2**63 - 2, 1))
    drain(settings)
    [(_, last, missing, kept)] = devices(settings, "device, last_seq, missing, unrecorded")
    assert (last, missing, kept) == (2**63 - 2, 2**63 - 4, 1)


def test_the_last_minutes_lag_is_in_the_table_by_stage(settings):
    """A live scan, a held one and an old one; a second batch in the same minute adds to it."""
    now = datetime.now(UTC)
    ago = {n: now - timedelta(seconds=n) for n in (2, 3, 4, 3600)}
    live = {"at": ago[4], "recorded_at": ago[3], "sent_at": ago[2]}
    for turn in ("a", "b"):
        put(
            settings, 0,
            inbound("S1", id=f"{turn}1", **live), outbound("S1", id=f"{turn}2", **live),
            inbound("S1", id=f"{turn}3", at=ago[3600], sent_at=ago[2]),
            inbound("S1", id=f"{turn}4", at=at(1)),
        )  # fmt: skip
        drain(settings)
    found = rows(
        settings,
        "SELECT kind, sum(events), min(share_over_3s), max(to_recorded_p50), max(to_sent_p50),"
        " bool_and(p50 >= 3.9), sum(array_length(total_counts, 1)) > 0"
        " FROM lag GROUP BY kind ORDER BY kind",
    )
    kinds = {kind: figures for kind, *figures in found}
    assert kinds["live"][:2] == [4, 1]
    assert kinds["live"][2:4] == [pytest.approx(1, rel=0.11), pytest.approx(1, rel=0.11)]
    assert [kinds[kind][0] for kind in ("offline", "replay")] == [2, 2]
    assert all(all(figures[4:]) for figures in kinds.values())
