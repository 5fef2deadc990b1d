"""Two warehouses without a network for three hours: afterwards nobody can tell.

Run (b), first: two sites scan 120 operations each into edges that have no broker, with times of
the last three hours, then get their network back while six other sites work. Run (a): the same
events, sent at once by sites that were never offline. Every table must be the same, every number
have arrived, and the six must not have waited for the two.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.kafka import LOG_PARTITIONS, SCANS, Outlet, ensure_topics
from connectors.partitions import LogPartitions
from tests.connectors.edge.site import NOWHERE, Site
from tests.dataflow.running import clean, rows, wait_for
from tests.faults.compare import snapshot
from tests.faults.crew import Crew, finish

pytestmark = pytest.mark.stack
OFFLINE = ("SHA", "CAN")
OTHERS = ("PEK", "CTU", "WUH", "XIY", "SHE", "XMN")
OPERATIONS = 120
OUTAGE = timedelta(hours=3)


def operation(house, number, at, chance, other):
    """Return one thing that happens at a warehouse: any kind of movement, counts, cancels."""
    kind = chance.choices(
        ["inbound", "outbound", "move", "stocktake", "return", "scrap", "transfer_out",
         "transfer_in", "order_line", "cancel"],
        [30, 25, 10, 8, 5, 3, 7, 4, 5, 3],
    )[0]  # fmt: skip
    event = {
        "event_id": f"{house}-{number}", "type": kind, "warehouse": house,
        "occurred_at": at.isoformat(), "recorded_at": (at + timedelta(seconds=1)).isoformat(),
        "device": f"{house}-{chance.choice(['PDA-1', 'PDA-2', 'GATE'])}", "operator": "张三",
    }  # fmt: skip
    if kind == "cancel":
        return {**event, "cancels": f"{house}-{chance.randrange(number + 1) - 1}"}
    event |= {"sku": f"S{chance.randrange(12)}"}
    if kind == "order_line":
        return {**event, "order_id": f"O{house}{number % 9}", "ordered": 5, "version": number}
    event |= {"quantity": chance.randrange(1, 20), "lot": chance.choice(["L1", "L2"])}
    if kind == "stocktake":
        return {**event, "to_bin": "A1", "scope": chance.choice(["lot", "bin", "sku"])}
    if kind.startswith("transfer"):
        event |= {"counterpart": other, "document": f"T{number % 20}"}
    if kind == "outbound":
        event |= {"order_id": f"O{house}{number % 9}"}
    return {**event, "from_bin": "A1", "to_bin": "B2"}


def at_the_sites(now):
    """Return house → its operations of the outage, in the order of time."""
    found = {}
    for house, other in zip(OFFLINE, reversed(OFFLINE), strict=True):
        chance = random.Random(house)
        step = OUTAGE / OPERATIONS
        found[house] = [
            operation(house, n, now - OUTAGE + n * step, chance, chance.choice([other, *OTHERS]))
            for n in range(OPERATIONS)
        ]
    return found


class Others(threading.Thread):
    """Six sites that work all the time; `sent` is what they did."""

    def __init__(self, settings):
        """Send with a producer of their own."""
        super().__init__(daemon=True)
        self.settings, self.ended, self.sent = settings, threading.Event(), []

    def run(self):
        """Send 60 operations a second, each dated now."""
        out, chance = Outlet(self.settings.brokers, patience=20), random.Random(8)
        topic = self.settings.topic_prefix + SCANS
        while not self.ended.wait(1 / 60):
            number, now = len(self.sent), datetime.now(UTC)
            house = OTHERS[number % 6]
            event = operation(house, number, now, chance, chance.choice(OFFLINE))
            event |= {"device_seq": number // 6 + 1, "device": f"{house}-ALL"}
            out.send(topic, house.encode(), json.dumps(event).encode())
            out.poll()
            self.sent.append(event)
        out.flush()
        out.close()

    def end(self):
        """Stop; return what was sent."""
        self.ended.set()
        self.join()
        return self.sent


def prepared(settings):
    """Make topics and give each warehouse its partition, so that both runs have the same."""
    ensure_topics(settings.brokers, settings.topic_prefix)
    homes = LogPartitions(settings.dsn, LOG_PARTITIONS, patience=20)
    for house in (*OFFLINE, *OTHERS):
        homes.of(house)
    homes.close()
    return settings


def offline(settings, folder, crew):
    """Run (b); return all events as they were sent, and the sites."""
    sites, sent = [], []
    for house, operations in at_the_sites(datetime.now(UTC)).items():
        one = Site(settings, folder, f"{house}-EDGE").start(brokers=NOWHERE)
        sites.append(one)
        for event in operations:
            status, told = one.post(event)
            assert status == 202, told
            sent.append({**event, "device_seq": told["device_seq"]})
        assert one.status()["waiting"] == OPERATIONS
    others = Others(settings)
    others.start()
    wait_for(lambda: len(others.sent) > 120)
    for one in sites:
        one.kill()
        one.start()
    wait_for(lambda: all(one.drained() for one in sites))
    time.sleep(2)
    sent += others.end()
    finish(crew)
    return sent, sites


def tables(settings):
    """Return every table without what the clock decides."""
    found = snapshot(settings, any_order=True)
    query = """SELECT ROW(log_partition, device, warehouse, last_seq, recorded, reused)::text
        FROM device_sequences"""
    found["device_sequences"] = Counter(text for (text,) in rows(settings, query))
    query = """SELECT ROW(occurred_at, event_id, type, warehouse, sku, key, line_id, device_seq,
        body - 'source' - 'sent_at', log_partition)::text FROM journal"""
    found["journal"] = Counter(text for (text,) in rows(settings, query))
    return found


def test_three_hours_offline_leave_no_trace_and_delay_nobody(settings, new_database, tmp_path):
    """120 operations at two sites at once, caught up while six others work."""
    with new_database() as dsn:
        calm = prepared(replace(settings, dsn=dsn, topic_prefix=f"{settings.topic_prefix}calm-"))
        prepared(settings)
        with Crew(settings, tmp_path) as crew:
            sent, sites = offline(settings, tmp_path, crew)
            try:
                for one in sites:
                    told = one.command("prove")
                    assert told.returncode == 0, told.stdout
                    assert "central database" in told.stdout
                    arrived = [line for line in told.stdout.splitlines() if " arrived" in line]
                    counts = [line.split(": ")[1].split()[:3:2] for line in arrived]
                    assert sum(int(done) for done, _ in counts) == OPERATIONS
                    assert all(done == kept for done, kept in counts)
            finally:
                for one in sites:
                    one.kill()
            crew.end()
        undisturbed(calm, sent, tmp_path)
        assert rows(settings, "SELECT device FROM devices WHERE holes <> '{}'") == []
        one, other = tables(settings), tables(calm)
        different = {
            name: [list((one[name] - other[name]).items())[:3],
                   list((other[name] - one[name]).items())[:3]]
            for name in one.keys() | other.keys() if one[name] != other[name]
        }  # fmt: skip
        assert different == {}
        assert sum(one["movements"].values()) > 300
    clean(settings)
    p50, p99, most, over = lag_of(settings, OTHERS)
    told = f"p50 {p50:.3f} s, p99 {p99:.3f} s, most {most:.3f} s, over 1 s: {over}"
    sys.stderr.write(f"lag of the six others: {told}\n")
    assert p99 < 1.0, told


def undisturbed(settings, sent, folder):
    """Run (a): the same events, in the order of time, by sites that were never offline."""
    out = Outlet(settings.brokers, patience=20)
    for event in sorted(sent, key=lambda event: event["occurred_at"]):
        key, body = event["warehouse"].encode(), json.dumps(event).encode()
        out.send(settings.topic_prefix + SCANS, key, body)
    out.flush()
    out.close()
    folder = folder / "calm"
    folder.mkdir()
    with Crew(settings, folder) as crew:
        finish(crew)
        crew.end()


def lag_of(settings, houses):
    """Return p50, p99 and the most of occurred → committed, and how many were over a second."""
    return rows(
        settings,
        """
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY lag), percentile_cont(0.99)
            WITHIN GROUP (ORDER BY lag), max(lag), count(*) FILTER (WHERE lag > 1)
        FROM (SELECT extract(epoch FROM committed_at - occurred_at)::float AS lag FROM movements
              WHERE warehouse = ANY(%s) AND NOT variance AND NOT correction) AS measured
        """,
        list(houses),
    )[0]
