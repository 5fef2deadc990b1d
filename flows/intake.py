"""Dataflow: foreign messages → canonical events on the log, refusals beside it.

Enters: oms.order-lines, wms.scans, wms.master. Leaves: inventory.events (each event in normal
form, with its `source`, on the partitions that `routing` says), inventory.rejects as topic and
table, counters in the table `intake`. At least once: offsets are committed to the consumer group
`waterline-intake` only after everything before them was acknowledged by the broker and counted;
what a crash repeats, the stock flow drops. Fails with `Trouble` when too much is refused.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from connectors.kafka import (
    INTAKE,
    LOG,
    MASTER,
    ORDER_LINES,
    REJECTS,
    SCANS,
    GroupOffsets,
    Outlet,
    PartitionReader,
    ensure_topics,
    topic_ids,
)
from connectors.partitions import LogPartitions
from connectors.progress import Counts, Progress
from connectors.trouble import STOPPED, Trouble
from flows.domain import routing
from flows.domain.decode import canonical
from flows.domain.decode.formats import decode_master, decode_order, decode_scan
from flows.domain.events import AnyEvent, Source
from flows.domain.limit import RejectLimit
from flows.domain.refused import Refused, too_many
from flows.domain.rejects import AHEAD, Reject, clock_future
from flows.steps import Batch, BatchSource, Dataflow, KeyedSink, Stop, inlet, outlet, step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from confluent_kafka import Message

    from flows.settings import Settings

    Decode = Callable[[bytes | None, bytes | None, Mapping[str, bytes]], list[AnyEvent | Reject]]

_LOG = logging.getLogger("waterline.intake")
GROUP = "waterline-intake"
EVERY = 0.2
"""Seconds between two checkpoints: what a crash repeats, at most."""

LIMIT = 2000
"""Messages of one batch: measured, 1000 and 5000 are slower by a tenth to a quarter."""

DECODERS: dict[str, Decode] = {
    ORDER_LINES: decode_order,
    SCANS: decode_scan,
    MASTER: decode_master,
}
_NO_HEADERS: Mapping[str, bytes] = {}
_NEVER = datetime.max.replace(tzinfo=UTC)


class Decoded(Struct, frozen=True, gc=False):
    """What one batch became; `rejected` are the positions of refused messages in it."""

    place: tuple[str, int]
    counts: Counts
    events: list[AnyEvent]
    refused: list[Refused]
    rejected: list[int]


class Standing(Struct, frozen=True):
    """Where each source partition is read from, and up to where its messages were counted."""

    starts: dict[tuple[str, int], int | None]
    counted: dict[tuple[str, int], int]


def build(settings: Settings, stop: Stop, *, drain: bool = False) -> Dataflow:
    """Return the dataflow; topics are made here, so this waits for a broker."""
    brokers, prefix = settings.need_brokers(), settings.topic_prefix
    topics = ensure_topics(brokers, prefix, patience=None, stopping=stop)
    intake = Intake(settings, stop)
    stop.at_end(intake.close)
    sources = [
        BatchSource(
            prefix + topic,
            range(topics[topic]),
            partial(intake.reader, prefix + topic, until_end=drain),
            stop,
            drain=drain,
            limit=LIMIT,
            settle=EVERY,
        )
        for topic in INTAKE
    ]
    names = [f"{prefix}{topic}/{part}" for topic in INTAKE for part in range(topics[topic])]
    intake.expect(names, topics[LOG])

    flow = Dataflow("intake")
    batches = inlet("messages", flow, *sources)
    decoded = step("decode", batches, stop, intake.decode)
    outlet("log", decoded, KeyedSink(names, intake.writer, stop))
    return flow


class Intake:
    """What the partitions of one process share: offsets, a producer, one checkpoint."""

    def __init__(self, settings: Settings, stop: Stop) -> None:
        """Connect to nothing yet."""
        self._settings, self._stop = settings, stop
        self._prefix = settings.topic_prefix
        self._brokers = settings.need_brokers()
        self._places: list[tuple[str, int]] = []
        self._log_partitions = 0

    def expect(self, names: Sequence[str], log_partitions: int) -> None:
        """Say which partitions (`topic/p`) will be read and how many the log has."""
        pairs = (name.rsplit("/", 1) for name in names)
        self._places = [(topic, int(partition)) for topic, partition in pairs]
        self._log_partitions = log_partitions

    @cached_property
    def _group(self) -> GroupOffsets:
        return GroupOffsets(self._brokers, self._prefix + GROUP)

    @cached_property
    def _progress(self) -> Progress:
        return Progress(self._settings.need_dsn(), stopping=self._stop)

    @cached_property
    def _standing(self) -> Standing:
        """Where everything stands at the start: what is void is forgotten, then it is read."""
        topics = dict.fromkeys(topic for topic, _ in self._places)
        renewed = self._progress.adopt(topic_ids(self._brokers, topics, self._stop))
        for topic in sorted(renewed):
            _LOG.warning("%s was deleted and made anew: it is read from its beginning", topic)
        counted = self._progress.next_offsets()
        committed = self._group.committed(self._places, self._stop)
        starts = {}
        for place in self._places:
            start = None if place[0] in renewed else committed[place]
            # Kafka forgets a group's offsets after a week without commits: then the table knows.
            starts[place] = counted.get(place) if start is None else start
        return Standing(starts, counted)

    @cached_property
    def _checkpoint(self) -> Checkpoint:
        limit = RejectLimit(self._settings.reject_window, self._settings.reject_share)
        partitions = LogPartitions(
            self._settings.need_dsn(), self._log_partitions, stopping=self._stop
        )
        return Checkpoint(
            self._prefix,
            out=Outlet(self._brokers, giving_up=self._stop),
            progress=self._progress,
            group=self._group,
            partitions=partitions,
            limit=limit,
        )

    def close(self) -> None:
        """Finish and let go of everything that was opened."""
        # cached_property keeps what was made in the instance's own dictionary.
        for name in ("_checkpoint", "_group", "_progress"):
            if name in self.__dict__:
                getattr(self, name).close()

    def reader(self, topic: str, partition: int, *, until_end: bool) -> PartitionReader:
        """Open a partition where the group stands, or the table if the group has forgotten."""
        start = self._standing.starts[topic, partition]
        return PartitionReader(self._brokers, topic, partition, start, until_end=until_end)

    def writer(self, name: str) -> _Writer:
        """Open the writer of one source partition."""
        del name
        return _Writer(self._checkpoint)

    def decode(self, batch: Batch) -> list[tuple[str, Decoded]]:
        """Decode one batch; what was counted before a crash is decoded but not counted again."""
        place = (batch.topic, batch.partition)
        name = f"{batch.topic}/{batch.partition}"
        messages, counted = batch.messages, self._standing.counted.get(place, 0)
        read = DECODERS[batch.topic.removeprefix(self._prefix)]
        if not messages or _offset(messages[0]) >= counted:
            return [(name, decode(place, messages, read))]
        again = [message for message in messages if _offset(message) < counted]
        fresh = messages[len(again) :]
        first = decode(place, again, read)
        first = Decoded(place, _uncounted(first.counts), first.events, first.refused, [])
        return [(name, first)] + ([(name, decode(place, fresh, read))] if fresh else [])


def decode(place: tuple[str, int], messages: Sequence[Message], read: Decode) -> Decoded:
    """Return the events and the refusals of messages of one partition, in order."""
    topic, partition = place
    system = _system(topic)
    events: list[AnyEvent] = []
    refused: list[Refused] = []
    rejected: list[int] = []
    ignored = 0
    soonest = _broker_time(messages[0]) + AHEAD if messages else _NEVER
    for position, message in enumerate(messages):
        headers = message.headers()
        known = _mapping(headers) if headers else _NO_HEADERS
        found = _read(read, message.value(), message.key(), known)
        if not found:
            ignored += 1
        before = len(refused)
        for one in found:
            if isinstance(one, Reject):
                refused.append(_refused(place, message, len(refused) - before, one))
                continue
            # The batch's first broker time serves nearly always: times in a partition grow.
            if one.occurred_at > soonest and one.occurred_at > _broker_time(message) + AHEAD:
                future = clock_future(one.event_id, one.occurred_at, _broker_time(message))
                refused.append(_refused(place, message, len(refused) - before, future))
                continue
            own = one.source
            named = own.system if own is not None else None
            one.source = Source(named or system, topic, partition, message.offset())
            events.append(one)
        if len(refused) > before:
            rejected.append(position)
    first, next_ = _span(messages)
    counts = Counts(first, next_, len(messages), len(events), ignored, len(refused))
    return Decoded(place, counts, events, refused, rejected)


class Checkpoint:
    """Sends, and now and then makes durable what was sent: flush, table, group, in this order."""

    def __init__(
        self,
        prefix: str,
        *,
        out: Outlet,
        progress: Progress,
        group: GroupOffsets,
        partitions: LogPartitions,
        limit: RejectLimit,
    ) -> None:
        """Nothing is pending."""
        self._out, self._progress, self._group = out, progress, group
        self._partitions, self._limit = partitions, limit
        self._log, self._rejects = prefix + LOG, prefix + REJECTS
        self._places = routing.FirstPlaces()
        self._counts: dict[tuple[str, int], Counts] = {}
        self._offsets: dict[tuple[str, int], int] = {}
        self._refused: list[Refused] = []
        self._last: Refused | None = None
        self._due = 0.0
        self._broken = False

    def take(self, decoded: Decoded) -> None:
        """Send what a batch became; raise Trouble when too much has been refused."""
        if not decoded.counts.next:  # the partition has gone quiet
            self.settle()
            return
        if not self._offsets:
            self._due = time.monotonic() + EVERY
        self._send(decoded)
        self._note(decoded)
        self._last = decoded.refused[-1] if decoded.refused else self._last
        passed = self._limit.passed_by(decoded.counts.consumed, decoded.rejected)
        if passed is not None or time.monotonic() >= self._due:
            self.settle()
        if passed is not None:
            raise Trouble(too_many("messages", self._last), STOPPED)

    def settle(self) -> None:
        """Make everything that was taken durable and committed."""
        if not self._offsets or self._broken:
            return
        self._broken = True
        self._out.flush()
        if self._counts or self._refused:
            self._progress.save(self._counts, [one.row() for one in self._refused])
        self._counts, self._refused = {}, []
        if self._group.commit(self._offsets):  # else the next time: a crash only repeats
            self._offsets = {}
        self._broken = False

    def close(self) -> None:
        """Finish what was taken and let go of producer and partitions."""
        try:
            self.settle()
        finally:
            self._out.close(grace=0.0 if self._broken else 2.0)
            self._partitions.close()

    def _send(self, decoded: Decoded) -> None:
        send, log, encode = self._out.send, self._log, canonical.encode
        placed, of, count = routing.placed, self._partitions.of, self._partitions.count
        keep = self._places.keep
        for event in decoded.events:
            value, key = encode(event), routing.key(event)
            places = placed(event, of, count)
            if len(places) < count:
                places = keep(event.event_id, places)
            for partition, headers in places:
                send(log, key, value, headers, partition)
        for one in decoded.refused:
            send(self._rejects, one.topic.encode(), one.document())

    def _note(self, decoded: Decoded) -> None:
        place, counts = decoded.place, decoded.counts
        self._offsets[place] = counts.next
        self._refused += decoded.refused
        if counts.consumed:
            if place in self._counts:
                self._counts[place].add(counts)
            else:
                self._counts[place] = counts


class _Writer:
    """A sink partition: one source partition's batches, in order."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    def write(self, items: list[Decoded]) -> None:
        for decoded in items:
            self._checkpoint.take(decoded)

    def close(self) -> None:
        self._checkpoint.settle()


def _read(
    read: Decode, value: bytes | None, key: bytes | None, headers: Mapping[str, bytes]
) -> list[AnyEvent | Reject]:
    try:
        return read(value, key, headers)
    except Exception as error:  # noqa: BLE001 - one message must never stop the others
        return [Reject("bad_value", "", f"the decoder failed on it: {type(error).__name__}")]


def _mapping(headers: Any) -> Mapping[str, bytes]:
    return {name: value or b"" for name, value in headers}


def _refused(place: tuple[str, int], message: Message, n: int, reject: Reject) -> Refused:
    return Refused(*place, _offset(message), n, reject, message.value(), _broker_time(message))


def _system(topic: str) -> str:
    return "oms" if topic.endswith(ORDER_LINES) else "wms"


def _span(messages: Sequence[Message]) -> tuple[int, int]:
    return (_offset(messages[0]), _offset(messages[-1]) + 1) if messages else (0, 0)


def _uncounted(counts: Counts) -> Counts:
    return Counts(counts.first, counts.next)


def _offset(message: Message) -> int:
    offset = message.offset()
    return -1 if offset is None else offset


def _broker_time(message: Message) -> datetime:
    kind, milliseconds = message.timestamp()
    return datetime.now(UTC) if kind == 0 else datetime.fromtimestamp(milliseconds / 1000, UTC)
