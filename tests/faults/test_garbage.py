"""What cannot be used is in `rejects` with its code, the flows live, and the sums agree."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.kafka import INTAKE, LOG, LOG_PARTITIONS, ORDER_LINES, REJECTS, ensure_topics
from flows.domain import routing
from flows.domain.decode.canonical import decode, encode
from flows.domain.events import Event
from tests.dataflow.running import clean, counters, read, rows
from tests.faults.crew import drain_all, send_log
from tests.faults.garbage import CONFLICT, EVERYWHERE, FINE, IGNORED, PIECES, receipt
from tests.faults.story import story
from tests.faults.tally import LONG

pytestmark = pytest.mark.stack
EXAMPLES = 8 if LONG else 2
MANY = 400


@pytest.fixture
def tolerant(settings):
    """Give settings under which a flow goes on although most of its input is refused."""
    ensure_topics(settings.brokers, settings.topic_prefix, patience=30)
    return replace(settings, reject_share=1.0)


def test_the_whole_corpus_on_every_topic(tolerant, tally):
    """Each piece on each topic that refuses it, tombstones and ten megabytes on the log as well."""
    expected = {}
    for topic in EVERYWHERE:
        own = [piece for piece in PIECES if topic in piece.codes]
        headers = [piece.headers for piece in own]
        send_log(tolerant, 0, *[piece.value for piece in own], headers=headers, topic=topic)
        for offset, piece in enumerate(own):
            if piece.codes[topic] not in {FINE, IGNORED}:
                expected[topic, offset] = (piece.name, piece.codes[topic])
    send_log(tolerant, 0, receipt("last"), topic="wms.scans")
    drain_all(tolerant)
    found = {
        (topic.removeprefix(tolerant.topic_prefix), offset): code
        for topic, offset, code in rows(tolerant, 'SELECT topic, "offset", code FROM rejects')
    }
    wrong = {
        place: (*expected.get(place, ("?", None)), found.get(place))
        for place in expected.keys() | found.keys()
        if expected.get(place, ("?", None))[1] != found.get(place)
    }
    assert not wrong
    fine = sum(piece.codes.get("wms.scans") == FINE for piece in PIECES)
    assert sums(tolerant)[2:3] == (fine + 1,)  # the last receipt and what was fine
    published(tolerant)
    clean(tolerant)
    tally.add("garbage: corpus on every topic and on the log", len(expected),
              result="right codes, flows live, sums agree")  # fmt: skip


def test_an_id_with_other_content_is_a_conflict(tolerant, tally):
    """The first one counts, the second is refused; after a repeat of both still once each."""
    send_log(tolerant, 0, *CONFLICT, *CONFLICT[:1], topic="wms.scans")
    drain_all(tolerant)
    assert rows(tolerant, "SELECT code FROM rejects") == [("conflict",)]
    assert counters(tolerant)[1:] == (3, 1, 1, 1)
    sums(tolerant)
    clean(tolerant)
    tally.add("garbage: id conflict", result="first counts, second refused")


SENT = [encode(event) for event in story(300, seed=5)]


@st.composite
def mutated(draw):
    """Return a valid message with some bytes changed, cut out or doubled."""
    value = bytearray(draw(st.sampled_from(SENT)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(value) - 1))
        how = draw(st.integers(0, 2))
        if how == 0:
            value[at] = draw(st.integers(0, 255))
        elif how == 1:
            del value[at : at + draw(st.integers(1, 20))]
        else:
            value[at:at] = value[at : at + draw(st.integers(1, 20))]
        if not value:
            break
    return bytes(value)


anything = st.one_of(st.none(), st.binary(max_size=200), mutated(), mutated(), mutated())


def places(topic, piece, partition):
    """Return where a piece goes: what is global is on every partition, as intake lays it.

    Accounts read items and policies from tables that all partitions share.
    """
    found = decode(piece)[0] if topic == LOG else None
    known = isinstance(found, Event) and routing.targets(found) is routing.ALL
    return range(LOG_PARTITIONS) if known else [partition]


def test_any_bytes_on_any_topic(tolerant, tally):
    """Arbitrary bytes and damaged messages, many at once, on every topic and on the log."""

    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(seed=st.integers(0, 2**32), pieces=st.lists(anything, min_size=60, max_size=MANY))
    def check(seed, pieces):
        for number, piece in enumerate(pieces):
            topic = EVERYWHERE[(seed + number) % len(EVERYWHERE)]
            for partition in places(topic, piece, (seed + number) % 3):
                batches.setdefault((topic, partition), []).append(piece)
        for (topic, partition), values in batches.items():
            send_log(tolerant, partition, *values, topic=topic)
        drain_all(tolerant)
        sums(tolerant)
        count.append(len(pieces))
        batches.clear()

    batches, count = {}, []
    check()
    published(tolerant)
    clean(tolerant)
    tally.add("garbage: arbitrary and damaged bytes", sum(count),
              result="flows live, sums agree, audit clean")  # fmt: skip


def sums(settings):
    """Check what each partition's counters must add up to; return intake's sums."""
    assert not rows(settings, "SELECT * FROM offsets WHERE consumed <> applied + repeats + rejects")
    assert not rows(settings, "SELECT * FROM offsets WHERE next_offset <> consumed")
    assert not rows(settings, "SELECT * FROM intake WHERE next_offset <> consumed")
    # Of these flows' formats each message is one event, one refusal or nothing.
    one_each = "consumed <> events + ignored + rejects"
    assert not rows(
        settings,
        f"SELECT * FROM intake WHERE {one_each} AND topic NOT LIKE '%%' || %s",
        ORDER_LINES,
    )
    kept = """
        SELECT topic, partition, count(*), max(counted) FROM rejects JOIN (
            SELECT topic, partition, rejects AS counted FROM intake
            UNION ALL SELECT topic, log_partition, rejects FROM offsets) AS c
            USING (topic, partition)
        GROUP BY 1, 2 HAVING count(*) <> max(counted)
    """
    assert not rows(settings, kept)
    names = ("next_offset", "consumed", "events", "ignored", "rejects")
    return rows(settings, f"SELECT {', '.join(f'sum({name})::int' for name in names)} FROM intake")[
        0
    ]


def published(settings):
    """Check that the topic of refusals has each row of the table, and no other."""
    on_topic = {
        (one["topic"], one["partition"], one["offset"], one["n"], one["code"])
        for one in (json.loads(message.value()) for message in read(settings, REJECTS))
    }
    in_table = set(rows(settings, 'SELECT topic, partition, "offset", n, code FROM rejects'))
    assert on_topic == in_table
    assert {topic for topic, *_ in in_table} <= {
        settings.topic_prefix + topic for topic in (*INTAKE, LOG)
    }
