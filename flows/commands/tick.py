"""`waterline tick`: one tick of the clock on every partition of the log, now or at a time.

Enters: a time. Leaves: a tick per partition, acknowledged by the broker. Fails with one sentence
when the time is none, or no broker answers.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connectors.kafka import LOG, Outlet, ensure_topics
from connectors.trouble import Trouble
from flows.clock import TickWriter
from flows.commands.shown import as_json, say_line
from flows.domain.decode import canonical
from flows.domain.minutes import tick
from flows.domain.rejects import Reject
from flows.words import words

if TYPE_CHECKING:
    import argparse

    from flows.commands.parser import Subparsers
    from flows.settings import Settings

EXAMPLE = """example:
  waterline tick --at 2026-11-22T16:05:00+08:00
"""


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("tick", epilog=EXAMPLE)
    parser.add_argument("--at", metavar="TIME")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Send the tick; say its id and where it went."""
    say = words(settings.lang)
    at = _time(args.at) if args.at is not None else datetime.now(UTC)
    event = _valid(at, args.at)
    brokers, topic = settings.need_brokers(), settings.topic_prefix + LOG
    count = ensure_topics(brokers, settings.topic_prefix)[LOG]
    writer = TickWriter(Outlet(brokers, patience=30), topic, count)
    try:
        writer.write([at])
    finally:
        writer.close()
    if args.json:
        as_json({"event_id": event, "topic": topic, "partitions": count})
    else:
        say_line(say("tick.sent", event_id=event, count=count, topic=topic))
    return 0


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Trouble(
            f"--at: {text!r} is not an RFC 3339 time with an offset, "
            "such as 2026-11-22T16:05:00+08:00"
        )
    return at


def _valid(at: datetime, text: str | None) -> str:
    try:
        event = tick(at)
    except OverflowError as error:
        raise Trouble(f"--at: {text!r} is outside the years that can be stored") from error
    verdict = canonical.decode(canonical.encode(event))[0]
    if isinstance(verdict, Reject):
        raise Trouble(f"--at: {verdict.message}")
    return event.event_id
