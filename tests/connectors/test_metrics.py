from __future__ import annotations

import http.client
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from connectors.http import Listening
from connectors.metrics.exposition import Sample, exposition
from connectors.metrics.figures import Backlog, Database, Figures, offsets_of
from connectors.metrics.health import STALL, Reason, unhealthy, unready
from connectors.metrics.processes import Process, cost
from connectors.metrics.sampling import Sampler
from connectors.metrics.server import document, listen
from connectors.queries import QUERIES, Queries
from connectors.trouble import Trouble

AT = datetime(2026, 3, 1, tzinfo=UTC)
LOG = "t-inventory.events"


def process(state="running", name="stock", pid=7) -> Process:
    """Return a process in a state."""
    return Process(name, state, pid, AT, 2, -9, AT)


def test_a_partition_that_commits_or_has_nothing_waiting_is_not_stuck(monkeypatch):
    """Only messages that wait without one commit between two looks count."""
    clock = count(0, 10)
    own = SimpleNamespace(monotonic=lambda: next(clock))
    monkeypatch.setattr("connectors.metrics.figures.time", own)
    backlog = Backlog()
    backlog.note({(LOG, 0): 5}, {(LOG, 0): 9, (LOG, 1): 0})
    assert backlog.stuck == {}
    backlog.note({(LOG, 0): 5}, {(LOG, 0): 12, (LOG, 1): 3})
    assert backlog.stuck == {(LOG, 0): 10, (LOG, 1): 10}
    backlog.note({(LOG, 0): 6}, {(LOG, 0): 12, (LOG, 1): 3})
    assert backlog.stuck == {(LOG, 1): 20}
    backlog.note({(LOG, 0): 12, (LOG, 1): 3}, {(LOG, 0): 12, (LOG, 1): 3})
    assert backlog.stuck == {}


def test_a_topic_is_known_with_and_without_its_prefix():
    """Rows of the database are laid beside the broker's topics."""
    rows = [{"topic": "inventory.events", "log_partition": 1, "next_offset": 4}]
    assert offsets_of(Figures(log=rows), "t-") == {(LOG, 1): 4}


def test_health_names_each_reason():
    """Dead process, silent server, a backlog without a commit; an ended process is none."""
    assert unhealthy([process(), process("ended")], {"database": None}, {(LOG, 0): STALL}) == []
    found = unhealthy(
        [process("waiting"), process("given_up", "clock")],
        {"database": "gone", "broker": None},
        {(LOG, 3): STALL + 1},
    )
    assert [one.code for one in found] == ["process", "process", "database", "stalled"]
    assert found[-1].values == {"topic": LOG, "partition": 3, "seconds": 31}


def test_a_stock_process_without_partitions_is_not_ready():
    """Others own none and need none."""
    log = [{"owner": "host:7"}, {"owner": None}]
    processes = [process(), process(name="stock-2", pid=8), process(name="clock", pid=9)]
    assert unready(processes, log) == [Reason("unclaimed", {"name": "stock-2"})]


def test_what_is_not_known_has_no_sample():
    """Without a broker there are no ends; without figures only the processes are told."""
    row = {"topic": LOG, "log_partition": 0, "next_offset": 3, "updated_at": AT,
           "consumed": 3, "applied": 1, "repeats": 1, "rejects": 1}  # fmt: skip
    figures = Figures(
        log=[row],
        lag=[{"warehouse": 'W"\n', "kind": "live", "events": 2, "p50": 0.1, "p95": None,
              "p99": 0.3, "share_over_1s": 0.0, "share_over_3s": None}],
        devices=[{"devices": 3, "with_holes": 1, "missing": Decimal(5)}],
        invariants=[{"name": "on_hand", "drift": Decimal("1.5"), "wrong": 2, "at": AT}],
    )  # fmt: skip
    sample = Sample("1", [process(pid=None)], figures, None, {"broker": False})
    body, kind = exposition(sample, "text/plain")
    found = {
        (one.name, *sorted(one.labels.values())): one.value
        for family in text_string_to_metric_families(body.decode())
        for one in family.samples
    }
    assert kind.startswith("text/plain")
    assert found["waterline_server_up", "broker"] == 0
    assert found["waterline_log_offset", "0"] == 3
    assert ("waterline_log_lag_messages", "0") not in found
    assert found["waterline_event_lag_seconds", "0.99", 'W"\n', "live"] == 0.3
    assert ("waterline_event_lag_seconds", "0.95", 'W"\n', "live") not in found
    assert found["waterline_devices_with_holes",] == 1
    assert found["waterline_invariant_drift", "on_hand"] == 1.5
    assert ("waterline_invariant_checked", "on_hand") not in found
    assert exposition(Sample("1", [], None, None), "")[0].startswith(b"# HELP")


def test_what_a_process_costs_is_read_from_proc():
    """This one has memory; a number that nobody has costs nothing."""
    import os  # noqa: PLC0415 - only here

    resident, cpu = cost(os.getpid())
    assert resident > 1e6
    assert cpu > 0
    assert cost(None) is None
    assert cost(2**22 + 1) is None


def test_a_sampler_whose_reading_hangs_answers_in_time():
    """A try that does not come back is no answer after two seconds, and nobody waits for it."""
    gate = threading.Event()
    sampler = Sampler("test", lambda: gate.wait(20))
    sampler.start()
    start = time.monotonic()
    sampler.wait(start + 0.3)
    assert time.monotonic() - start < 0.6
    time.sleep(2.0)
    assert sampler.problem == "no answer"
    start = time.monotonic()
    sampler.ask()
    sampler.wait(start + 1.8)
    assert time.monotonic() - start < 0.3
    gate.set()
    time.sleep(0.2)
    assert sampler.problem is None
    assert sampler.value is True
    sampler.close()


def test_a_sampler_keeps_its_last_value_and_says_what_went_wrong():
    """A failed try changes the problem, not the value; within a second nothing is read again."""
    numbers = iter([1])
    sampler = Sampler("test", lambda: next(numbers), every=60)
    sampler.start()
    sampler.ask()
    sampler.wait(time.monotonic() + 5)
    assert (sampler.value, sampler.problem) == (1, None)
    sampler.ask()
    sampler.wait(time.monotonic() + 5)
    assert sampler.problem is None
    time.sleep(1.1)
    sampler.ask()
    sampler.wait(time.monotonic() + 5)
    assert (sampler.value, sampler.problem) == (1, "StopIteration")
    sampler.close()


def ask(server: Listening, method: str, path: str, host: str) -> tuple[int, bytes]:
    """Return status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request(method, path, headers={"Host": host})
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_the_server_answers_reads_of_its_paths_alone():
    """GET and HEAD; other methods and paths are refused; the next port when one is taken."""
    first = listen("127.0.0.1", 0, {"/x": lambda _: document({"a": "好"})})
    second = listen("127.0.0.1", first.port, {})
    assert second.port > first.port
    second.close()
    first.start()
    assert ask(first, "GET", "/x?y=1", "127.0.0.1:1") == (200, '{"a": "好"}\n'.encode())
    assert ask(first, "HEAD", "/x", "localhost") == (200, b"")
    assert ask(first, "GET", "/y", "localhost")[0] == 404
    assert ask(first, "POST", "/x", "localhost")[0] == 501
    assert ask(first, "GET", "/x", "")[0] == 421
    assert ask(first, "GET", "/x", "127.0.0.1.evil.example")[0] == 421
    assert ask(first, "GET", "/x", "10.0.0.1")[0] == 421
    first.close()


def test_an_address_that_is_not_ours_is_a_sentence():
    """WATERLINE_METRICS with another machine's address."""
    with pytest.raises(Trouble, match="WATERLINE_METRICS"):
        listen("192.0.2.1", 9465, {})


@pytest.mark.stack
def test_every_query_of_the_samples_runs_on_an_empty_database(database):
    """A fresh schema gives no rows and no error; the session is seen by its name."""
    look = Database(database, QUERIES)
    figures = look.read()
    assert (figures.log, figures.intake, figures.lag) == ([], [], [])
    assert figures.devices == [{"devices": 0, "with_holes": 0, "missing": 0}]
    with Queries(QUERIES, database) as other:
        seen = other.connection.execute(
            "select 1 from pg_stat_activity where datname = current_database()"
            " and application_name = 'waterline metrics'"
        ).fetchall()
    assert seen
    look.close()


@pytest.mark.stack
def test_a_database_without_a_schema_gives_no_rows(empty_database):
    """Before the first migration there is nothing to tell, and that is no failure."""
    with empty_database() as dsn:
        look = Database(dsn, QUERIES)
        assert look.read() == Figures()
        look.close()
