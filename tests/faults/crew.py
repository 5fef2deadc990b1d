"""Flows as processes that a test kills and starts again, and when they have done everything.

Enters: settings, names such as "intake" or "stock 1/2". Leaves: processes with what they said in
files; a flow that ends by itself with 1 is started again, as `waterline run` would.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psycopg
from confluent_kafka import KafkaException

from connectors.kafka import INTAKE, LOG, Outlet
from connectors.watermarks import ends
from flows import intake
from flows.steps import Stop, run
from tests.dataflow.running import ROOT, drain, environ, rows, wait_for
from tests.faults.story import Feed

TWO = ("intake", "stock 1/2", "stock 2/2")


class Crew:
    """Processes by name; `with` ends what still runs."""

    def __init__(self, settings, folder, names=TWO) -> None:
        """Start nothing yet."""
        self.settings, self.folder, self.names = settings, folder, names
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.restarts: list[tuple[str, int]] = []

    def __enter__(self):
        """Start all."""
        for name in self.names:
            self.start(name)
        return self

    def __exit__(self, *_) -> None:
        """Kill what still runs."""
        for process in self.running.values():
            process.kill()
            process.wait()

    def start(self, name) -> None:
        """Start one; what it says is added to its file."""
        flow, _, share = name.partition(" ")
        words = [sys.executable, "-m", "flows.cli", "flow", flow]
        words += ["--share", share] if share else []
        with self.file(name).open("ab") as said:
            self.running[name] = subprocess.Popen(
                words, cwd=ROOT, env=environ(self.settings), stderr=said, stdin=subprocess.DEVNULL
            )

    def file(self, name):
        """Return where a flow's words are kept."""
        return self.folder / f"{name.replace(' ', '-').replace('/', '-')}.txt"

    def said(self, name) -> str:
        """Return all that a flow has said."""
        return self.file(name).read_text()

    def again(self, name) -> None:
        """SIGKILL one and start it again."""
        self.running[name].kill()
        self.running[name].wait()
        self.start(name)

    def stop(self, name) -> None:
        """SIGKILL one for good."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def mend(self) -> None:
        """Start again what has ended by itself with 1; any other code is a failure."""
        for name, process in list(self.running.items()):
            code = process.poll()
            if code is not None:
                assert code == 1, f"{name} ended with {code}: {self.said(name)[-2000:]}"
                self.restarts.append((name, code))
                self.start(name)

    def end(self) -> float:
        """SIGTERM all; return how many seconds the last took to end with 0."""
        begun = time.monotonic()
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for name, process in self.running.items():
            assert process.wait(20) == 0, f"{name}: {self.said(name)[-2000:]}"
            text = self.said(name)
            assert "Traceback" not in text, text[-3000:]
        return time.monotonic() - begun


def read_by(settings, name) -> int:
    """Return how many messages a flow has committed; of the relay: how many tries."""
    if name == "intake":
        return rows(settings, "SELECT coalesce(sum(next_offset), 0)::int FROM intake")[0][0]
    if name == "relay":
        return rows(settings, "SELECT count(*)::int FROM deliveries")[0][0]
    number, _, of = name.partition(" ")[2].partition("/")
    where = f"WHERE mod(log_partition, {of}) = {int(number) - 1}" if of else ""
    return rows(settings, f"SELECT coalesce(sum(next_offset), 0)::int FROM offsets {where}")[0][0]


def left(settings, sources=INTAKE) -> int:
    """Return how many messages of topics and log are not yet read and committed."""
    prefix = settings.topic_prefix
    marks = ends(settings.brokers, [prefix + topic for topic in (*sources, LOG)], 10.0)
    query = """
        SELECT topic, partition, next_offset FROM intake
        UNION ALL SELECT topic, log_partition, next_offset FROM offsets
    """
    done = {(topic, part): offset for topic, part, offset in rows(settings, query)}
    return sum(max(end - done.get(place, 0), 0) for place, end in marks.items())


def finish(crew, seconds=120.0, sources=INTAKE) -> None:
    """Wait until everything is read and committed; flows that ended with 1 are started again."""
    deadline = time.monotonic() + seconds
    quiet = 0
    while quiet < 2:  # twice: intake counts a moment after the broker's acknowledgement
        crew.mend()
        with suppress(psycopg.OperationalError, KafkaException):
            quiet = quiet + 1 if left(crew.settings, sources) == 0 else 0
        assert time.monotonic() < deadline, f"{left(crew.settings, sources)} messages are left"
        time.sleep(0.2)


def moved(settings) -> int:
    """Return how far the stock flow is, −1 while the database is away."""
    with suppress(psycopg.OperationalError):
        return read_by(settings, "stock")
    return -1


def reached(settings) -> bool:
    """Return whether nothing is left to do."""
    with suppress(psycopg.OperationalError):
        return left(settings) == 0
    return False


def kill_under_load(crew, found, kill, *, kills, seed) -> tuple[int, list[float]]:
    """Send messages in as many parts as there are kills, kill in each, and finish.

    `kill(number)` kills, starts again and returns since when the way back is measured and how far
    the stock flow was then. Return in how many kills work was left, and the seconds back of each.
    """
    settings, chance, size = crew.settings, random.Random(seed), len(found) // kills
    feed, loaded, seconds = Feed(settings), 0, []
    for number in range(kills):
        before = moved(settings)
        feed.send(found[number * size : (number + 1) * size])
        wait_for(lambda: moved(settings) > before)  # noqa: B023 - called at once
        time.sleep(chance.random() ** 2 * 0.5)
        loaded += left(settings) > 0
        begun, before = kill(number)
        wait_for(lambda: moved(settings) > before or reached(settings))  # noqa: B023
        seconds.append(time.monotonic() - begun)
        crew.mend()
    feed.send(found[kills * size :])
    finish(crew)
    feed.close()
    return loaded, seconds


def undisturbed(settings, found) -> None:
    """Run the same messages through intake and stock, one after the other, without any fault."""
    feed = Feed(settings)
    feed.send(found)
    feed.close()
    drain_all(settings)


def same_homes(settings, other) -> None:
    """Give the warehouses of one database the same partitions in another."""
    with psycopg.connect(other.dsn) as connection:
        for row in rows(settings, "SELECT warehouse, log_partition FROM partitions"):
            connection.execute("INSERT INTO inventory.partitions VALUES (%s, %s)", row)


def drain_all(settings) -> None:
    """Read everything, first intake, then stock."""
    stop = Stop()
    run(intake.build(settings, stop, drain=True), stop)
    drain(settings)


def send_log(settings, partition, *values, headers=None, topic=LOG) -> None:
    """Send bytes to one partition of a topic; `headers` are one for each value."""
    out = Outlet(settings.brokers, patience=30)
    for value, own in zip(values, headers or [None] * len(values), strict=True):
        out.send(settings.topic_prefix + topic, None, value, own, partition)
    out.flush()
    out.close()
