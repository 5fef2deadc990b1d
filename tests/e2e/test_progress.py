from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from types import SimpleNamespace

import psycopg
import pytest

from connectors.kafka import INTAKE, LOG, Outlet, ensure_topics
from connectors.watermarks import ends
from flows import cli
from flows.commands import progress, standing

pytestmark = pytest.mark.stack


@pytest.fixture
def installation(settings):
    """Give the settings of an installation whose topics are there."""
    ensure_topics(settings.brokers, settings.topic_prefix)
    return settings


def send(settings, topic: str, count: int, partition: int) -> None:
    """Put messages on one partition and wait for the broker."""
    outlet = Outlet(settings.brokers, patience=20)
    for _ in range(count):
        outlet.send(settings.topic_prefix + topic, None, b"{}", None, partition)
    outlet.close()


def test_ends_of_topics_that_are_not_there_are_left_out(installation):
    """A prefix without topics is nothing, not an error."""
    assert ends(installation.brokers, ["no-such-topic"]) == {}
    log = installation.topic_prefix + LOG
    assert set(ends(installation.brokers, [log]).values()) == {0}


def test_everything_that_nobody_has_read_is_waiting(installation):
    """Messages count before intake as well as in the log, read or never read."""
    assert progress.waiting(installation) == 0
    assert not progress.anything_sent(installation)
    send(installation, INTAKE[1], 5, 0)
    send(installation, LOG, 3, 2)
    assert progress.anything_sent(installation)
    assert progress.waiting(installation) == 8


def test_what_is_committed_is_no_longer_behind(installation):
    """Behind is the end of the log less the committed offset; counters are shown beside it."""
    send(installation, LOG, 3, 2)
    with psycopg.connect(installation.dsn) as connection:
        connection.execute(
            "insert into inventory.offsets (log_partition, topic, next_offset, consumed, applied)"
            " values (2, %s, 2, 2, 2)",
            [installation.topic_prefix + LOG],
        )
    rows = progress.flow_rows(installation)["log"]
    assert len(rows) == 8
    assert (rows[2]["behind"], rows[2]["consumed"], rows[3]["behind"]) == (1, 2, 0)


def test_status_tells_problems_without_servers(settings):
    """No database, no broker, or neither answers: a sentence each."""
    nothing = standing.standing(replace(settings, dsn=None, brokers="127.0.0.1:1"))
    assert len(nothing["problems"]) == 2
    away = standing.standing(replace(settings, dsn="postgresql://127.0.0.1:1/x"))
    assert "the database does not answer" in away["problems"][0]
    assert away["log"] == []


def test_status_tells_how_fast_each_partition_is_read(installation, monkeypatch):
    """Two looks give messages a second; a partition that nobody has read has no rate."""
    send(installation, LOG, 30, 2)
    topic = installation.topic_prefix + LOG
    with psycopg.connect(installation.dsn, autocommit=True) as connection:
        connection.execute(
            "insert into inventory.offsets (log_partition, topic, next_offset, consumed, applied)"
            " values (2, %s, 10, 10, 10)",
            [topic],
        )

        def between(_):
            time.sleep(0.1)
            connection.execute(
                "update inventory.offsets set next_offset = 20, consumed = 20, applied = 20"
            )

        clock = SimpleNamespace(sleep=between, monotonic=time.monotonic)
        monkeypatch.setattr(standing, "time", clock)
        rows = standing.standing(installation)["log"]
    assert (rows[2]["behind"], rows[2]["end"]) == (10, 30)
    assert 20 < rows[2]["rate"] < 110
    assert rows[3]["rate"] is None


def test_progress_is_printed_as_two_tables(installation, capsys):
    """One row per topic of intake, its partitions added up, and one per partition of the log."""
    send(installation, INTAKE[1], 5, 0)
    progress.show_progress(progress.flow_rows(installation), installation)
    intake, log = capsys.readouterr().out.split("\n\n")
    assert intake.count("\n") == 2 + len(INTAKE)
    assert re.search(rf"{INTAKE[1]}\s+5\s+–\s", intake)
    assert log.count("\n") == 3 + 8


def test_progress_without_topics_is_a_sentence(settings, capsys):
    """Nothing was ever run: what to run is said."""
    progress.show_progress(progress.flow_rows(settings), settings)
    assert capsys.readouterr().out == "there are no topics yet: `waterline run` makes them\n"


def test_status_shows_services_and_progress(installation, monkeypatch, capsys):
    """`status --json` is one document; for a person the same as tables."""
    monkeypatch.setenv("WATERLINE_DSN", installation.dsn)
    monkeypatch.setenv("WATERLINE_BROKERS", installation.brokers)
    monkeypatch.setenv("WATERLINE_TOPIC_PREFIX", installation.topic_prefix)
    monkeypatch.setenv("WATERLINE_HOME", str(installation.home))
    assert cli.main(["status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {
        *("services", "supervisors", "processes", "log", "intake", "lag"),
        *("invariants", "problems"),
    }
    assert {row["state"] for row in found["services"]} == {"given"}
    assert [row["behind"] for row in found["log"]] == [0] * 8
    assert cli.main(["status"]) == 0
    assert "The stock flow, per partition of the log" in capsys.readouterr().out
