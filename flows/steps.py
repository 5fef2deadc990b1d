"""Bytewax, as the flows use it: batches in, keyed writers out, an end that is orderly.

Enters: readers of partitions, functions on batches, writers. Leaves: a running dataflow. One item
is one fetched batch of one partition, so Bytewax costs nothing per message. Nothing here raises
inside Bytewax (it would print a Rust backtrace): the first failure is kept in `Stop`, sources
end, writers get nothing more and are closed, and `run` raises what was kept. Sinks are
FixedPartitionedSink only: a DynamicSink is outside the frontier and loses rows when killed.
"""

from __future__ import annotations

import gc
import os
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import bytewax.operators as op
from bytewax.dataflow import Dataflow, Stream
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from bytewax.run import cli_main
from msgspec import Struct

from flows.cluster import Member, run_member
from flows.stopping import Stop, kept, signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from confluent_kafka import Message

    from connectors.kafka import PartitionReader

__all__ = ["Batch", "BatchSource", "Dataflow", "KeyedSink", "Member", "PollSource", "Stop",
           "Stream", "Writer", "inlet", "outlet", "run", "signals", "step"]  # fmt: skip

X = TypeVar("X")
Y = TypeVar("Y")

# An idle partition is asked again after 2 ms, then ever later up to 20 ms: late enough that
# twenty of them cost little, soon enough that nobody sees it.
# After a small batch a partition rests a moment, so that the next one is worth its transaction.
# Measured at 2,000 events/s on two cores, rest 0 and 40 ms: p50 181 and 86 ms, p99 588 and 153 ms.
PACE = 0.04
SHORTEST, LONGEST, SLOWER = 0.002, 0.020, 1.5


class Batch(Struct, frozen=True, gc=False):
    """What one fetch of one partition brought; `messages` is empty when it has gone quiet."""

    topic: str
    partition: int
    messages: list[Message]


class Writer(Protocol[X]):
    """What a sink partition does with its items; each call is durable or raises."""

    def write(self, items: list[X]) -> None:
        """Take items in order; not called again after any failure in the flow."""

    def close(self) -> None:
        """Finish and let go; after a failure, only what `write` took before is finished."""


class _Idle:
    """How long to wait when nothing comes."""

    def __init__(self) -> None:
        self._wait = SHORTEST
        self.awake: datetime | None = None

    def busy(self) -> None:
        self._wait = SHORTEST
        self.awake = None

    def rest(self, seconds: float) -> None:
        self._wait = SHORTEST
        self.awake = datetime.now(UTC) + timedelta(seconds=seconds)

    def quiet(self) -> None:
        self.awake = datetime.now(UTC) + timedelta(seconds=self._wait)
        self._wait = min(self._wait * SLOWER, LONGEST)


class _BatchPartition(StatefulSourcePartition[Batch, None]):
    def __init__(self, source: BatchSource, partition: int) -> None:
        self._source, self._partition = source, partition
        self._stop, self._limit = source.stop, source.limit
        self._idle = _Idle()
        self._end: int | None = None
        self._since: float | None = None
        self._reader: PartitionReader | None = None
        with kept(self._stop):
            self._reader = source.open_reader(partition)

    def next_batch(self) -> list[Batch]:
        if self._stop.requested or self._reader is None:
            raise StopIteration
        messages: list[Message] | None = None
        with kept(self._stop):
            messages = self._reader.read(self._limit)
        if messages is None:
            raise StopIteration
        if messages:
            if len(messages) < self._limit // 10 and not self._source.drain:
                self._idle.rest(self._source.pace)
            else:
                self._idle.busy()
            self._since = monotonic()
            return [Batch(self._source.topic, self._partition, messages)]
        if self._source.drain and self._drained(self._reader):
            raise StopIteration
        self._idle.quiet()
        return self._settled()

    def _drained(self, reader: PartitionReader) -> bool:
        if reader.at_end:
            return True
        if self._end is None:
            marks = reader.watermarks(timeout=0.5)
            self._end = None if marks is None else marks[1]
        return self._end is not None and reader.position >= self._end

    def _settled(self) -> list[Batch]:
        settle, since = self._source.settle, self._since
        if settle is None or since is None or monotonic() - since < settle:
            return []
        self._since = None
        return [Batch(self._source.topic, self._partition, [])]

    def next_awake(self) -> datetime | None:
        return self._idle.awake

    def snapshot(self) -> None:
        return None

    def close(self) -> None:
        if self._reader is not None:
            with kept(self._stop):
                self._reader.close()


class BatchSource(FixedPartitionedSource[Batch, None]):
    """Kafka partitions as Bytewax partitions named `topic/p`; items are batches.

    `drain`: a partition ends when it has been read to the end it had at the start. `settle`: so
    many seconds after its last message a partition sends one empty batch, so that a sink which
    keeps something back can finish it.
    """

    def __init__(
        self,
        topic: str,
        partitions: Sequence[int],
        open_reader: Callable[[int], PartitionReader],
        stop: Stop,
        *,
        drain: bool = False,
        limit: int = 5000,
        settle: float | None = None,
        pace: float = PACE,
    ) -> None:
        """Read nothing yet; readers are opened when the flow starts."""
        self.topic, self.open_reader, self.stop = topic, open_reader, stop
        self.drain, self.limit, self.settle, self.pace = drain, limit, settle, pace
        self._partitions = {f"{topic}/{partition}": partition for partition in partitions}

    def list_parts(self) -> list[str]:
        """Return `topic/p` for every partition."""
        return list(self._partitions)

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> _BatchPartition:
        """Open one partition's reader; a failure is kept in `stop`."""
        del step_id, resume_state
        return _BatchPartition(self, self._partitions[for_part])


class _PollPartition(StatefulSourcePartition[Any, None]):
    def __init__(self, poll: Callable[[], Iterable[Any] | None], every: float, stop: Stop) -> None:
        self._poll, self._stop = poll, stop
        self._every = timedelta(seconds=every)
        self._awake = datetime.now(UTC)

    def next_batch(self) -> Iterable[Any]:
        items: Iterable[Any] | None = None
        if not self._stop.requested:
            with kept(self._stop):
                items = self._poll()
        if items is None:
            raise StopIteration
        self._awake = datetime.now(UTC) + self._every
        return items

    def next_awake(self) -> datetime | None:
        return self._awake

    def snapshot(self) -> None:
        return None


class PollSource(FixedPartitionedSource[Any, None]):
    """One partition whose items a function gives, asked `every` seconds; None is the end."""

    def __init__(
        self, poll: Callable[[], Iterable[Any] | None], stop: Stop, every: float = 0.1
    ) -> None:
        """Ask nothing yet."""
        self._poll, self._stop, self._every = poll, stop, every

    def list_parts(self) -> list[str]:
        """Return the one partition's name."""
        return ["poll"]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> _PollPartition:
        """Return the one partition."""
        del step_id, for_part, resume_state
        return _PollPartition(self._poll, self._every, self._stop)


class _WriterPartition(StatefulSinkPartition[X, None]):
    def __init__(
        self, open_writer: Callable[[str], Writer[X]], name: str, stop: Stop, hurry: float
    ) -> None:
        self._stop, self._hurry = stop, hurry
        self._writer: Writer[X] | None = None
        with kept(stop):
            self._writer = open_writer(name)

    def write_batch(self, values: list[X]) -> None:
        if self._stop.failure is None and self._writer is not None and self._in_time():
            with kept(self._stop):
                self._writer.write(values)

    def _in_time(self) -> bool:
        """Whether to take more: once this is False it stays so, and nothing is skipped over."""
        return self._stop.since < self._hurry

    def snapshot(self) -> None:
        return None

    def close(self) -> None:
        if self._writer is not None:
            with kept(self._stop):
                self._writer.close()


class KeyedSink(FixedPartitionedSink[X, None], Generic[X]):
    """Takes (name, item); the items of one name go, in order, to that name's own writer.

    `names` are this process's; `everywhere` those of all members of a cluster. What a flow that
    is to end has read but no writer has taken `hurry` seconds later is left for the next start:
    only for writers that keep their own place, such as an offset in their transaction.
    """

    def __init__(
        self,
        names: Iterable[str],
        open_writer: Callable[[str], Writer[X]],
        stop: Stop,
        *,
        everywhere: Iterable[str] | None = None,
        hurry: float = float("inf"),
    ) -> None:
        """Open nothing yet; a name's writer is opened when the first item comes for it."""
        self._names = sorted(set(names))
        # Bytewax wraps part_fn's number into the names that all members listed, in their sorted
        # order ("10" before "2").
        known = sorted(set(everywhere)) if everywhere is not None else self._names
        self._index = {name: index for index, name in enumerate(known)}
        self._open_writer, self._stop, self._hurry = open_writer, stop, hurry

    def list_parts(self) -> list[str]:
        """Return this process's names."""
        return self._names

    def part_fn(self, item_key: str) -> int:
        """Return the place of the name among the sorted names."""
        return self._index[item_key]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> _WriterPartition[X]:
        """Open one name's writer; a failure is kept in `stop`."""
        del step_id, resume_state
        return _WriterPartition(self._open_writer, for_part, self._stop, self._hurry)


def inlet(
    name: str, flow: Dataflow, source: BatchSource | PollSource, *more: BatchSource
) -> Stream[Any]:
    """Return the stream of one or several sources, merged."""
    first: Stream[Any] = op.input(name, flow, source)
    if not more:
        return first
    others = [op.input(f"{name}_{n}", flow, one) for n, one in enumerate(more, 1)]
    return op.merge(f"{name}_merged", first, *others)


def step(name: str, up: Stream[X], stop: Stop, function: Callable[[X], Iterable[Y]]) -> Stream[Y]:
    """Apply a function of one item to no, one or several; a failure is kept in `stop`."""

    def guarded(item: X) -> Iterable[Y]:
        if stop.failure is None:
            with kept(stop):
                return list(function(item))
        return ()

    return op.flat_map(name, up, guarded)


def outlet(name: str, up: Stream[tuple[str, X]], sink: KeyedSink[X]) -> None:
    """End the stream of (name, item) in keyed writers."""
    op.output(name, up, sink)


def run(flow: Dataflow, stop: Stop, member: Member | None = None) -> bool:
    """Run to the end in this process; raise the first failure as it was raised.

    In the main thread SIGTERM and SIGINT end the flow in order; a second one kills. A `member` of
    a cluster may return False: everything is closed, but its engine waits for the other members.
    """
    # With it Bytewax would serve the dataflow's structure on all interfaces, to anybody.
    os.environ.pop("BYTEWAX_DATAFLOW_API_ENABLED", None)
    ended = True
    with signals(stop), _rare_collections():
        try:
            if member is None:
                cli_main(flow)  # type: ignore[no-untyped-call]  # compiled, without hints
            else:
                ended = run_member(partial(_in_cluster, flow, member), stop)
        except Exception as error:  # noqa: BLE001 - raised below, without Bytewax round it
            stop.fail(_deepest(error))
        finally:
            stop.close()
    if stop.failure is not None:
        raise stop.failure
    return ended


def _in_cluster(flow: Dataflow, member: Member) -> None:
    cli_main(  # type: ignore[no-untyped-call]  # compiled, without hints
        flow, process_id=member.number, addresses=list(member.addresses)
    )


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let the cycle collector run seldom: a batch makes many objects and no cycles.

    Measured on intake: 10.7 µs of CPU a message instead of 20.6.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _deepest(error: BaseException) -> Exception:
    cause = error.__cause__
    while cause is not None:
        error, cause = cause, cause.__cause__
    return error if isinstance(error, Exception) else RuntimeError(str(error))
