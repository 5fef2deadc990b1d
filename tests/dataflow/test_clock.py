"""The clock flow and the commands `tick` and `send`, on a real broker and a real database."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import psycopg
import pytest

from connectors.kafka import LOG, LOG_PARTITIONS, SCANS, PartitionReader
from connectors.trouble import Trouble
from flows import clock
from flows.cli import build
from flows.domain.minutes import minute
from flows.steps import Stop, run

pytestmark = pytest.mark.stack


def waterline(settings, *arguments):
    """Run one command as the command line would."""
    args = build(settings).parse_args(list(arguments))
    return args.run(args, settings)


def read(settings, topic, partition=0):
    """Return all messages of a partition."""
    reader = PartitionReader(
        settings.brokers, settings.topic_prefix + topic, partition, 0, until_end=True
    )
    found = []
    while not reader.at_end:
        found += reader.read()
    reader.close()
    return found


def ids(settings, partition):
    """Return the ids of a partition of the log."""
    return [json.loads(one.value())["event_id"] for one in read(settings, LOG, partition)]


def name(at):
    """Return the id of a minute's tick."""
    return f"tick-{at:%Y-%m-%dT%H:%MZ}"


def drain(settings):
    """Run the clock until the minutes due now are there; return the minutes round it."""
    stop, before = Stop(), minute(datetime.now(UTC))
    run(clock.build(settings, stop, drain=True), stop)
    return before, minute(datetime.now(UTC))


def test_a_new_installation_gets_this_minute_on_every_partition(settings):
    """One tick, on all eight."""
    around = {name(at) for at in drain(settings)}
    for partition in range(LOG_PARTITIONS):
        found = ids(settings, partition)
        assert found
        assert set(found) <= around


def test_missed_minutes_are_made_up_from_the_slowest_partition(settings):
    """Ninety minutes after the last folded tick, ninety ticks come, in order."""
    last = minute(datetime.now(UTC)) - timedelta(minutes=90)
    with psycopg.connect(settings.dsn) as conn:
        conn.execute(
            "INSERT INTO inventory.offsets (log_partition, topic, clock_at) "
            "VALUES (0, 't', %s), (1, 't', %s), (2, 't', NULL)",
            (last, last + timedelta(minutes=30)),
        )
    drain(settings)
    found = ids(settings, 5)
    assert found[:90] == [name(last + timedelta(minutes=n)) for n in range(1, 91)]
    assert len(found) in {90, 91}


def test_tick_at_a_time(settings, capsys):
    """The command puts the minute's tick on all partitions and says so."""
    assert waterline(settings, "tick", "--at", "2026-03-02T16:05:44+08:00") == 0
    assert "tick-2026-03-02T08:05Z" in capsys.readouterr().out
    assert [ids(settings, p) for p in range(LOG_PARTITIONS)] == [["tick-2026-03-02T08:05Z"]] * 8


@pytest.mark.parametrize("text", ["yesterday", "2026-03-02", "2026-03-02T16:05", "1066-10-14T00Z"])
def test_a_time_that_is_none(settings, text):
    """A word, a day, a time without offset or from the Middle Ages is one sentence."""
    with pytest.raises(Trouble, match="--at"):
        waterline(settings, "tick", "--at", text)


def test_send_sends_bytes_as_they_are(settings, tmp_path, capsys):
    """Good and bad lines go out unchanged, keyed by warehouse, with the header."""
    lines = [b'{"warehouse": "A", "x": 1}', b"{broken", b'"\xff"', b"[1, 2]"]
    file = tmp_path / "lines.jsonl"
    file.write_bytes(b"\r\n".join(lines) + b"\n\n")
    assert waterline(settings, "send", str(file), "--topic", SCANS, "--format", "qimen") == 0
    assert f"4 messages sent to {settings.topic_prefix}{SCANS}" in capsys.readouterr().out
    found = [message for p in range(4) for message in read(settings, SCANS, p)]
    assert sorted(message.value() for message in found) == sorted(lines)
    assert {message.key() for message in found if b"warehouse" in message.value()} == {b"A"}
    assert all(message.headers() == [("format", b"qimen")] for message in found)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('{\n  "a": [1,\n 2]\n}\n', 1),
        ('<?xml version="1.0"?>\n<request>\n <a/>\n</request>\n', 1),
        ('{"a": 1}\n{"a": 2}\n', 2),
        ("<a/>\n<b/>\n", 2),
    ],
)
def test_send_takes_a_document_over_many_lines(settings, tmp_path, text, count):
    """EPCIS and Qimen messages are often laid out; one a line stays one a line."""
    file = tmp_path / "document"
    file.write_text(text)
    assert waterline(settings, "send", str(file), "--topic", SCANS, "--format", "epcis") == 0
    found = [message.value().decode() for p in range(4) for message in read(settings, SCANS, p)]
    assert sorted(found) == sorted([text.strip()] if count == 1 else text.splitlines())


def test_send_to_the_log_routes_as_intake_does(settings, monkeypatch, capsys):
    """A movement goes to its warehouse's partition, a cancel to all."""
    base = {"occurred_at": "2026-03-02T10:00:00Z", "warehouse": "A"}
    scan = {**base, "event_id": "s", "type": "inbound", "sku": "S", "quantity": 1, "to_bin": "B"}
    cancel = {**base, "event_id": "c", "type": "cancel", "cancels": "s"}
    text = "\n".join(json.dumps(one) for one in (scan, cancel))
    stdin = SimpleNamespace(buffer=io.BytesIO(text.encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert waterline(settings, "send", "-", "--topic", LOG, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "topic": settings.topic_prefix + LOG,
        "sent": 2,
        "messages": 9,
    }
    assert [ids(settings, p) for p in range(LOG_PARTITIONS)] == [["s", "c"], *[["c"]] * 7]


def test_send_says_what_is_wrong(settings, tmp_path):
    """No file, a folder, an empty file, an unknown topic: one sentence each."""
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n  \n")
    wrong = {
        "No such file": (str(tmp_path / "none.jsonl"), SCANS),
        "Is a directory": (str(tmp_path), SCANS),
        "is empty": (str(empty), SCANS),
        "there is no topic 'nowhere'": (str(empty), "nowhere"),
    }
    for sentence, (file, topic) in wrong.items():
        with pytest.raises(Trouble, match=sentence):
            waterline(settings, "send", file, "--topic", topic)
