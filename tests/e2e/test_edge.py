"""The edge against a real broker: killed at any moment, cut off, catching up."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from dataclasses import replace

import pytest

from connectors.edge import entries
from connectors.edge.ledger import Ledger
from connectors.kafka import SCANS, PartitionReader, ensure_topics
from flows.commands.edge import both
from flows.commands.edge_reading import Reading
from tests.connectors.edge.site import NOWHERE, scan, site
from tests.faults.servers import BROKER, Servers

pytestmark = pytest.mark.stack
LONG = os.environ.get("WATERLINE_FAULTS") == "long"
KILLS = 60 if LONG else 12


class Scanner(threading.Thread):
    """Posts scans one after the other; what is not answered is sent again under its id."""

    def __init__(self, one, pause=0.0):
        """Begin with the next start()."""
        super().__init__(daemon=True)
        self.one, self.pause, self.ended = one, pause, threading.Event()
        self.answered: dict[str, dict] = {}
        self.slowest = 0.0

    def run(self):
        """Alternate between scans with an id of their own and scans that get one."""
        number = 0
        while not self.ended.is_set():
            number += 1
            own = scan(number, device=f"pda-{number % 3}")
            if number % 4 == 0:
                del own["event_id"]
            while not self.ended.is_set():
                since = time.monotonic()
                try:
                    status, told = self.one.post(own)
                except (
                    OSError,
                    http.client.HTTPException,
                ):  # killed: an unanswered scan without an id may be kept twice
                    time.sleep(0.02)
                    continue
                if status == 503:  # it is ending
                    continue
                self.slowest = max(self.slowest, time.monotonic() - since)
                assert status == 202, told
                self.answered[told["event_id"]] = told
                break
            time.sleep(self.pause)

    def end(self):
        """Stop; return the answers."""
        self.ended.set()
        self.join()
        return self.answered


def whole(messages):
    """Check the messages as a set: no number twice, none missing. Return event_id → message."""
    found = {message["event_id"]: message for message in messages}
    numbers = Counter((one["device"], one["device_seq"]) for one in found.values())
    assert max(numbers.values()) == 1
    same = {(m["event_id"], m["device"], m["device_seq"]) for m in messages}
    assert len(same) == len(found)
    for device in {device for device, _ in numbers}:
        ours = [seq for name, seq in numbers if name == device]
        assert sorted(ours) == list(range(1, len(ours) + 1))
    return found


def test_killed_at_any_moment_every_answered_scan_arrives_once_numbered(settings, tmp_path):
    """Kill -9 at random moments while scans come in and go out."""
    chance = random.Random(11)
    with site(settings, tmp_path) as one:
        one.start()
        scanner = Scanner(one)
        scanner.start()
        for _ in range(KILLS):
            time.sleep(chance.random() * 0.5)
            one.kill()
            one.start()
        answered = scanner.end()
        one.until(one.drained)
        assert one.stop() < 5
        found = whole(one.arrived())
        assert len(answered) > 20 * KILLS
        for event_id, told in answered.items():
            arrived = found[event_id]
            assert (arrived["device"], arrived["device_seq"]) == (
                told["device"], told["device_seq"]
            )  # fmt: skip
            assert arrived["occurred_at"] <= arrived["recorded_at"] <= arrived["sent_at"]


def test_120_scans_without_a_network_are_kept_and_then_all_arrive(settings, tmp_path):
    """Status tells what waits, prove tells that all arrived; killed while offline as well."""
    cut_off = replace(settings, dsn="host=127.0.0.1 port=1 connect_timeout=2")
    with site(cut_off, tmp_path) as one:
        one.start(brokers=NOWHERE)
        for number in range(120):
            assert one.post(scan(number))[0] == 202
            if number == 60:
                one.kill()
                one.start(brokers=NOWHERE)
        one.until(lambda: one.status()["state"] == "offline", 10)
        found = one.status()
        assert (found["state"], found["waiting"], found["sent"]) == ("offline", 120, 0)
        told = one.command("prove")
        assert told.returncode == 1
        assert "SH-1: 0 of 120 arrived; missing: 1–120" in told.stdout
        assert one.stop() < 5
        one.start()
        one.until(one.drained)
        told = one.command("prove")
        assert told.returncode == 0
        assert "SH-1: 120 of 120 arrived" in told.stdout
        assert "SH-1：120 条中已送达 120 条" in one.command("prove", WATERLINE_LANG="zh-CN").stdout
        assert len(whole(one.arrived())) == 120


def test_a_live_scan_overtakes_the_backlog_which_is_drained_at_its_rate(settings, tmp_path):
    """With 5,000 waiting and 100 a second, a scan made now is on the topic within a second."""
    with site(settings, tmp_path) as one:
        ledger, read = Ledger(one.store, both), Reading("SH-1", None)
        ledger.do(
            lambda db: entries.put(
                db, [read(json.dumps(scan(n)).encode(), "", "") for n in range(5000)], both
            )
        )
        ledger.close()
        ensure_topics(settings.brokers, settings.topic_prefix)
        readers = [
            PartitionReader(settings.brokers, settings.topic_prefix + SCANS, part, 0)
            for part in range(4)
        ]
        seen = []

        def arrived(event_id):
            seen.extend(json.loads(m.value())["event_id"] for r in readers for m in r.read())
            return event_id in seen

        one.start("--drain-rate", "100")
        one.until(lambda: one.status()["sent"] > 0)
        since, lags = time.monotonic(), []
        for number in range(10):
            posted = time.monotonic()
            one.post(scan(f"live-{number}"))
            one.until(lambda: arrived(f"scan-live-{number}"), 5)  # noqa: B023
            lags.append(time.monotonic() - posted)
            time.sleep(0.2)
        took = time.monotonic() - since
        drained = one.status()["sent"]
        for reader in readers:
            reader.close()
    told = f"live scan on the topic after {sorted(lags)[5]:.3f} s, at most {max(lags):.3f} s"
    sys.stderr.write(f"{told}\n")
    assert max(lags) < 1.0, told
    assert 100 * took * 0.5 < drained < 100 * (took + 1.5) + 60


@pytest.fixture(scope="module")
def own_kafka():
    """Give a broker that may be frozen and killed: (brokers, pid), and how to start it again."""
    ours = Servers((BROKER,))

    def up():
        found = ours.up()
        return found.brokers, found.kafka_pid

    yield up
    ours.remove()


def test_a_broker_that_freezes_dies_and_returns_costs_nothing(own_kafka, settings, tmp_path):
    """Scans are answered at once all the while; afterwards all are there."""
    brokers, pid = own_kafka()
    there = replace(settings, brokers=brokers)
    with site(there, tmp_path) as one:
        one.start()
        one.until(lambda: one.status()["state"] == "online")
        scanner = Scanner(one, pause=0.005)
        scanner.start()
        time.sleep(1)
        os.kill(pid, signal.SIGSTOP)
        one.until(lambda: one.status()["state"] == "offline", 10)
        time.sleep(2)
        os.kill(pid, signal.SIGCONT)
        one.until(lambda: one.status()["state"] == "online", 20)
        time.sleep(1)
        os.kill(pid, signal.SIGKILL)
        one.until(lambda: one.status()["state"] == "offline", 10)
        _, pid = own_kafka()
        one.until(lambda: one.status()["state"] == "online", 30)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.2)
        took = one.stop()  # with messages on their way that nobody answers
        os.kill(pid, signal.SIGCONT)
        assert took < 5
        one.start()
        answered = scanner.end()
        one.until(one.drained)
        found = whole(one.arrived())
    told = f"{len(answered)} scans, the slowest answer {scanner.slowest:.3f} s, end in {took:.1f} s"
    sys.stderr.write(f"{told}\n")
    assert set(answered) <= set(found)
    assert scanner.slowest < 1.0
