"""Faults of the way from a warehouse to the broker, put on a stream of messages in time order.

Repeats are the same bytes again, up to ten minutes later. Late ones arrive up to six hours after
their turn. An offline warehouse's scans wait and come in their order when it is back, with the
`sent_at` of then. Nothing is lost; what is held is released when the stream ends.
"""

from __future__ import annotations

import heapq
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from connectors.replay.clock import TZ
from connectors.replay.message import MASTER, SCANS, Message
from connectors.replay.places import SITES
from connectors.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from connectors.replay.message import Options

_REPEATED_WITHIN = 600.0
_LATE_WITHIN = 6 * 3600.0
_BACK = timedelta(minutes=30)  # before the end of the history
_DRAINED = timedelta(milliseconds=2)


def with_faults(messages: Iterator[Message], options: Options) -> Iterator[Message]:
    """Put the asked-for faults on the stream; without any, hand it back as it is."""
    codes = [site.code for site in SITES[: options.warehouses]]
    for name, hours in options.offline:
        if name not in codes:
            raise Trouble(f"--offline: no warehouse is called {name}; there are {', '.join(codes)}")
        messages = _merge(messages, _offline(name, hours, options.until))
    if options.late:
        messages = _merge(messages, _late(Random(f"late {options.seed}"), options.late))  # noqa: S311
    if options.repeats:
        messages = _merge(messages, _again(Random(f"again {options.seed}"), options.repeats))  # noqa: S311
    return messages


def _merge(
    messages: Iterator[Message], plan: Callable[[Message], tuple[bool, Message | None]]
) -> Iterator[Message]:
    """`plan` says whether a message goes on now, and what is to be held until its `at`."""
    held: list[tuple[datetime, int, Message]] = []
    count = 0
    for message in messages:
        while held and held[0][0] <= message.at:
            yield heapq.heappop(held)[2]
        now, later = plan(message)
        if later is not None:
            count += 1
            heapq.heappush(held, (later.at, count, later))
        if now:
            yield message
    while held:
        yield heapq.heappop(held)[2]


def _late(rng: Random, share: float) -> Callable[[Message], tuple[bool, Message | None]]:
    def plan(message: Message) -> tuple[bool, Message | None]:
        if message.topic == MASTER or rng.random() >= share:
            return True, None
        delay = timedelta(seconds=1 + rng.random() ** 3 * _LATE_WITHIN)
        return False, message._replace(at=message.at + delay)

    return plan


def _again(rng: Random, share: float) -> Callable[[Message], tuple[bool, Message | None]]:
    def plan(message: Message) -> tuple[bool, Message | None]:
        if rng.random() >= share:
            return True, None
        delay = timedelta(seconds=rng.random() * _REPEATED_WITHIN)
        return True, message._replace(at=message.at + delay)

    return plan


def _offline(
    name: str, hours: float, until: datetime
) -> Callable[[Message], tuple[bool, Message | None]]:
    key, back = name.encode(), until - _BACK
    gone = back - timedelta(hours=hours)
    waiting = 0

    def plan(message: Message) -> tuple[bool, Message | None]:
        nonlocal waiting
        if message.topic != SCANS or message.key != key or not gone <= message.at < back:
            return True, None
        if b'"device":' not in message.value:  # from the office, which is not offline
            return True, None
        waiting += 1
        sent = back + _DRAINED * waiting
        return False, message._replace(at=sent, value=resent(message.value, sent))

    return plan


def resent(value: bytes, sent: datetime) -> bytes:
    """Return the event with another `sent_at` and, as `recorded_at`, when it was stored."""
    head, mark, tail = value.rpartition(b',"sent_at":')
    if not mark:
        return value
    text = sent.astimezone(TZ).isoformat(timespec="milliseconds").encode()
    return b'%b,"recorded_at":%b,"sent_at":"%b"}' % (head, tail[:-1], text)
