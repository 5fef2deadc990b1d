from __future__ import annotations

import json
import os
import signal
import threading
import time
from dataclasses import replace

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.dataflow.running import (
    clean,
    command,
    consumed,
    counters,
    drain,
    put,
    receipts,
    rows,
    wait_for,
)
from tests.e2e.supervised import Gate, supervised

pytestmark = pytest.mark.stack


def samples(text: str) -> dict[tuple[str, str], float]:
    """Return (name, its process or partition) → value."""
    return {
        (one.name, one.labels.get("process") or one.labels.get("partition") or ""): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_a_killed_child_is_back_and_counted(settings):
    """SIGKILL of the stock flow: the next one commits; status and metrics count the restart."""
    put(settings, 0, *receipts(100))
    with supervised(settings, "stock", "--processes", "1") as run:
        wait_for(lambda: consumed(settings) == 100)
        os.kill(run.pids()["stock"], signal.SIGKILL)
        put(settings, 0, *receipts(100, 100))
        wait_for(lambda: consumed(settings) == 200)
        assert run.restarts() == {"stock": 1}
        found = samples(run.get("/metrics")[1])
        assert found["waterline_process_restarts_total", "stock"] == 1
        assert found["waterline_process_up", "stock"] == 1
        told = json.loads(command(settings, "status", "--json").stdout)
    one = told["processes"][0]
    assert (one["name"], one["restarts"], one["last_exit_code"]) == ("stock", 1, -9)
    assert told["log"][0]["process"] == "stock"
    assert (told["log"][0]["behind"], told["log"][0]["next_offset"]) == (0, 200)
    clean(settings)


def test_a_run_that_is_started_before_its_servers_waits_for_them(settings):
    """It says what does not answer, and goes on by itself when it does."""
    put(settings, 0, *receipts(10))
    gate = Gate(settings.dsn)
    gate.shut()
    later = threading.Timer(2.0, gate.open)
    later.start()
    with supervised(replace(settings, dsn=gate.dsn), "stock") as run:
        wait_for(lambda: consumed(settings) == 10)
        assert "the database does not answer" in run.log.read_text()
    gate.shut()


def test_metrics_name_offsets_ends_and_counters_of_every_partition(settings):
    """Prometheus's own parser reads them, in both formats; nothing in them is a secret."""
    put(settings, 3, *receipts(50), b"no event")
    with supervised(settings, "stock", "--processes", "1") as run:
        wait_for(lambda: consumed(settings) == 51)
        text = run.get("/metrics")[1]
        other = run.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")[1]
    found = samples(text)
    for name, value in (("offset", 51), ("end_offset", 51), ("lag_messages", 0),
                        ("applied_total", 50), ("rejects_total", 1)):  # fmt: skip
        assert found[f"waterline_log_{name}", "3"] == value
    assert found["waterline_process_resident_memory_bytes", "stock"] > 1e7
    assert other.endswith("# EOF\n")
    assert "password" not in text
    assert settings.dsn not in text


def test_health_follows_the_database(settings):
    """A database that stops or freezes is 503 with its reason within seconds; then 200 again."""
    gate = Gate(settings.dsn)
    with supervised(replace(settings, dsn=gate.dsn), "stock", "--processes", "1") as run:
        wait_for(lambda: run.get("/ready")[0] == 200)
        for away, back in ((gate.shut, gate.open), (gate.freeze, gate.open)):
            away()
            start = time.monotonic()
            wait_for(lambda: run.get("/health")[0] == 503, 12)
            assert time.monotonic() - start < 8
            start = time.monotonic()
            answer = json.loads(run.get("/health")[1])
            assert time.monotonic() - start < 2.5
            assert answer["status"] == "failing"
            assert [one["code"] for one in answer["reasons"]] == ["database"]
            back()
            wait_for(lambda: run.get("/health")[0] == 200, 15)
        gate.shut()


def test_only_requests_to_this_host_are_answered(settings):
    """A name that resolves to the loopback is no way in for a web page; unknown paths are 404."""
    with supervised(settings, "clock") as run:
        assert run.get("/health", Host="evil.example")[0] == 421
        assert run.get("/health", Host="evil.example:9465")[0] == 421
        assert run.get("/health", Host="localhost:1")[0] == 200
        assert run.get("/health", Host="[::1]:80")[0] == 200
        assert run.get("/secrets")[0] == 404


def test_a_busy_port_is_a_line_and_the_next_one(settings):
    """Two supervisors of one machine do not stop each other."""
    with supervised(settings, "clock") as run:
        port = run.record["metrics"].rpartition(":")[2]
        with supervised(settings, "clock", metrics=f"127.0.0.1:{port}") as second:
            wait_for(lambda: second.record["metrics"])
            assert second.record["metrics"] != run.record["metrics"]
            assert second.get("/health")[0] == 200
            assert f"port {port} for metrics is taken" in second.log.read_text()


@pytest.mark.parametrize("cluster", [(), ("--cluster",)], ids=["independent", "cluster"])
def test_sigterm_under_load_ends_in_time_with_what_was_read_committed(settings, cluster):
    """In the middle of a backlog: under 5 s, offsets and tables agree, the rest is read later."""
    for partition, house in enumerate("ABCD"):
        put(settings, partition, *receipts(15_000, 15_000 * partition, house))
    with supervised(settings, "stock", "--processes", "2", *cluster) as run:
        wait_for(lambda: consumed(settings))
        start = time.monotonic()
        assert run.end() == 0
        assert time.monotonic() - start < 6
        said = run.log.read_text()
        assert run.record is None
    assert "Traceback" not in said
    found = rows(settings, "SELECT count(*)::int FROM movements")[0][0]
    offset, committed = counters(settings)[:2]
    assert (offset, committed, found) == (found, found, found)
    clean(settings)
    drain(settings)
    assert consumed(settings) == 60_000
    clean(settings)


def test_sigterm_while_the_database_does_not_move_ends_in_time(settings):
    """What waits for a lock is killed after the grace; nothing of it is there."""
    put(settings, 0, *receipts(1000))
    with (
        psycopg.connect(settings.dsn) as holding,
        supervised(settings, "stock", "--processes", "1") as run,
    ):
        wait_for(lambda: consumed(settings) == 1000)
        holding.execute("LOCK TABLE inventory.offsets IN EXCLUSIVE MODE")
        put(settings, 0, *receipts(1000, 1000))
        wait_for(lambda: waiting(settings))
        start = time.monotonic()
        assert run.end() == 0
        assert time.monotonic() - start < 6
    clean(settings)
    assert consumed(settings) == 1000


def test_sigterm_while_the_database_is_frozen_ends_in_time(settings):
    """A server that accepts and never answers keeps neither the flows nor their supervisor."""
    put(settings, 0, *receipts(1000))
    gate = Gate(settings.dsn)
    with supervised(replace(settings, dsn=gate.dsn), "--processes", "1") as run:
        wait_for(lambda: consumed(settings) >= 1000)
        gate.freeze()
        put(settings, 0, *receipts(1000, 1000))
        wait_for(lambda: run.get("/health")[0] == 503, 12)
        start = time.monotonic()
        assert run.end() == 0
        assert time.monotonic() - start < 6
        gate.shut()
    assert "Traceback" not in run.log.read_text()
    clean(settings)


def waiting(settings) -> list[tuple]:
    """Return what waits for a lock in the database."""
    with psycopg.connect(settings.dsn) as connection:
        return connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name LIKE 'waterline stock%' AND wait_event_type = 'Lock'"
        ).fetchall()


def test_status_tells_what_it_can_when_a_server_is_away(settings):
    """No database or no broker: exit code 0, what is known, and a problem each."""
    put(settings, 0, *receipts(10))
    with supervised(settings, "stock", "--processes", "1") as run:
        wait_for(lambda: consumed(settings) == 10)
        away = replace(settings, brokers="127.0.0.1:1")
        told = json.loads(command(away, "status", "--json").stdout)
        assert told["supervisors"][0]["metrics"] == run.record["metrics"]
        assert (told["log"][0]["next_offset"], told["log"][0]["end"]) == (10, None)
        assert len(told["problems"]) == 1
        away = replace(settings, dsn="postgresql://127.0.0.1:1/x")
        done = command(away, "status", "--json")
        told = json.loads(done.stdout)
        assert (done.returncode, len(told["problems"])) == (0, 1)
        assert (told["log"][0]["next_offset"], told["log"][0]["end"]) == (None, 10)
        assert told["processes"][0]["state"] == "running"


def test_a_killed_supervisor_is_told_and_its_children_end(settings):
    """SIGKILL of the supervisor: its processes end by themselves, status says gone."""
    with supervised(settings, "clock") as run:
        pid = run.pids()["clock"]
        run.process.kill()
        run.process.wait()
        wait_for(lambda: not os.path.exists(f"/proc/{pid}"), 10)  # noqa: PTH110
        told = json.loads(command(settings, "status", "--json").stdout)
        assert [one["state"] for one in told["processes"]] == ["gone"]
    with supervised(settings, "clock"):
        told = json.loads(command(settings, "status", "--json").stdout)
        assert [one["state"] for one in told["processes"]] == ["running"]


def test_down_ends_what_runs_in_the_background_in_order(settings):
    """Supervisors are asked, and end their children: each says why it ended, nothing is left."""
    done = command(settings, "run", "stock", "--background", "--processes", "2", "--cluster")
    assert done.returncode == 0, done.stderr
    told = json.loads(command(settings, "status", "--json").stdout)
    assert [one["state"] for one in told["processes"]] == ["running"] * 2
    again = command(settings, "run", "stock", "--background")
    assert "runs already" in again.stdout
    done = command(settings, "down")
    assert done.returncode == 0, done.stderr
    assert list((settings.home / "run").iterdir()) == []
    told = json.loads(command(settings, "status", "--json").stdout)
    assert (told["processes"], told["supervisors"]) == ([], [])
