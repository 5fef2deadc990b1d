"""Two supervisors at once, a killed supervisor, a zombie: one owner, and nobody fights for ever."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from connectors.kafka import LOG
from connectors.timescale import Checkpoint, Fenced, claim
from connectors.trouble import STOPPED
from tests.dataflow.running import (
    ROOT,
    clean,
    consumed,
    counters,
    ended,
    environ,
    flow,
    put,
    receipts,
    rows,
    wait_for,
)
from tests.faults.crew import send_log
from tests.faults.servers import alive, below
from tests.faults.tally import LONG

pytestmark = pytest.mark.stack
SEED = 20_264
ROUNDS = 3 if LONG else 1


@contextmanager
def running(settings, folder, *words):
    """Run `waterline run …` with its output in a file; end it, and what it left, at the end."""
    said = folder / f"run-{time.monotonic_ns()}.txt"
    with said.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "run", *words],
            cwd=ROOT, env=environ(settings), stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
        )  # fmt: skip
    try:
        yield process, said
    finally:
        children = below(process.pid)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def generations(settings):
    """Return the generations of the partitions, and their owners."""
    return rows(settings, "SELECT log_partition, generation, owner FROM offsets ORDER BY 1")


def flows_below(process):
    """Return name → process of a supervisor's flows, named as they were started."""
    found = {}
    for pid in below(process.pid):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        if "flow" in words:
            at = words.index("flow") + 1
            share = words[words.index("--share") + 1] if "--share" in words else ""
            found[f"{words[at]} {share}".strip()] = pid
    return found


def test_two_runs_at_once_do_not_steal_for_ever(settings, tmp_path, tally):
    """The second owns everything; the first one's stock ends with 3 and stays away."""
    put(settings, 0, *receipts(500))
    with running(settings, tmp_path, "stock") as (first, said):
        wait_for(lambda: consumed(settings) == 500)
        before = generations(settings)
        with running(settings, tmp_path, "stock") as (second, _):
            wait_for(lambda: all_newer(settings, before), 30)
            assert first.wait(20) == STOPPED, said.read_text()
            settled = generations(settings)
            put(settings, 0, *receipts(500, 500))
            wait_for(lambda: consumed(settings) == 1000)
            time.sleep(3)
            assert generations(settings) == settled
            assert second.poll() is None
    assert "Traceback" not in said.read_text()
    assert counters(settings) == (1000, 1000, 1000, 0, 0)
    clean(settings)
    tally.add("two `waterline run` on one database", result="one owner, the other exit 3")


def all_newer(settings, before):
    """Return whether every partition has changed hands."""
    now = {partition: generation for partition, generation, _ in generations(settings)}
    return all(now[partition] > generation for partition, generation, _ in before)


def test_a_woken_zombie_is_fenced_within_a_second(settings, tally):
    """From SIGCONT to its end with code 3, the new owner's rows untouched."""
    put(settings, 0, *receipts(1000))
    with flow(settings) as zombie:
        wait_for(lambda: consumed(settings) == 1000)
        zombie.send_signal(signal.SIGSTOP)
        with flow(settings) as heir:
            wait_for(lambda: all_owned(settings, heir.pid), 45)
            put(settings, 0, *receipts(1000, 1000))
            wait_for(lambda: consumed(settings) == 2000)
            begun = time.monotonic()
            zombie.send_signal(signal.SIGCONT)
            code, told = ended(zombie)
            seconds = time.monotonic() - begun
            heir.terminate()
            assert ended(heir) == (0, "")
    assert (code, "Traceback" in told) == (STOPPED, False)
    assert seconds < 5
    assert counters(settings) == (2000, 2000, 2000, 0, 0)
    clean(settings)
    result = "one owner, the other ended with 3; audit clean"
    tally.add("zombie woken by SIGCONT", seconds=[seconds], result=result)


def all_owned(settings, pid):
    """Return whether every partition belongs to that process."""
    return all(owner.endswith(f":{pid}") for *_, owner in generations(settings))


def test_a_killed_supervisor_leaves_no_orphans(settings, tmp_path, tally):
    """SIGKILL of `waterline run` itself: its flows end in order, and the next run goes on."""
    put(settings, 0, *receipts(30_000))
    with running(settings, tmp_path) as (process, said):
        wait_for(lambda: consumed(settings) > 0)
        children = list(flows_below(process).values())
        assert len(children) >= 3
        process.kill()
        process.wait()
        begun = time.monotonic()
        wait_for(lambda: not any(alive(child) for child in children), 10)
        seconds = time.monotonic() - begun
    assert "Traceback" not in said.read_text()
    with running(settings, tmp_path, "stock"):
        wait_for(lambda: read(settings) == 30_000)
    clean(settings)
    tally.add("kill -9 of `waterline run`", seconds=[seconds], result="its flows end in order")


def read(settings):
    """Return how many of partition 0's messages, ticks aside, were applied."""
    return rows(settings, "SELECT applied - (SELECT count(*) FROM ticks WHERE log_partition = 0)"
                " FROM offsets WHERE log_partition = 0")[0][0]  # fmt: skip


def test_a_flow_killed_under_a_supervisor_is_back_within_seconds(settings, tmp_path, tally):
    """From SIGKILL to its next commit, under a steady stream; the pause doubles with each death."""
    chance, seconds = random.Random(SEED), []
    number = 0
    for _ in range(ROUNDS):
        with running(settings, tmp_path) as (process, said):
            wait_for(lambda: len(flows_below(process)) >= 4)
            for victim in ("intake", "stock 1/2", "stock 2/2", "clock"):
                number += 1
                feed(settings, number)
                wait_for(lambda: caught_up(settings, number))  # noqa: B023
                time.sleep(chance.random() * 0.3)
                begun = time.monotonic()
                os.kill(flows_below(process)[victim], signal.SIGKILL)
                feed(settings, number + 1000)
                wait_for(lambda: caught_up(settings, number + 1000), 20)  # noqa: B023
                if victim != "clock":
                    seconds.append(time.monotonic() - begun)
                wait_for(lambda: victim in flows_below(process))  # noqa: B023
        assert "Traceback" not in said.read_text()
    clean(settings)
    tally.add(
        f"kill -9 under `waterline run`: intake, stock, clock (seed {SEED})",
        4 * ROUNDS, seconds=seconds, result="back by itself, audit clean",
    )  # fmt: skip


def feed(settings, number):
    """Send one receipt of each of two warehouses, which live on partitions of both processes."""
    for house in "AB":
        one = receipts(1, 10 * number, house)[0].replace(b'"in-', b'"%s-' % house.encode())
        send_log(settings, 0, one, topic="wms.scans")


def caught_up(settings, number):
    """Return whether both receipts are in the ledger."""
    query = "SELECT count(*) FROM movements WHERE event_id = ANY(%s)"
    return rows(settings, query, [f"A-{10 * number}", f"B-{10 * number}"])[0][0] == 2


def test_an_old_owner_cannot_commit(settings, tally):
    """Whatever it believes: the generation in its own transaction says that it is fenced."""
    put(settings, 0, *receipts(1))
    topic = settings.topic_prefix + LOG
    old = claim(settings.dsn, topic, [0], "old", lambda: False)[0]
    claim(settings.dsn, topic, [0], "new", lambda: False)
    checkpoint = Checkpoint(settings.dsn, 0, old, lambda: False)
    values = {"clock_at": None, "consumed": 1, "applied": 1, "repeats": 0, "rejects": 0}
    with pytest.raises(Fenced):
        checkpoint.commit(1, values, lambda cursor: cursor.execute("DELETE FROM inventory.offsets"))
    checkpoint.close()
    assert generations(settings) == [(0, 2, "new")]
    assert counters(settings) == (0, 0, 0, 0, 0)
    tally.add("commit of an old owner", result="fenced in its own transaction")
