"""`waterline send`: the lines of a file, or of standard input, as messages on a topic.

Enters: a file with one JSON document a line, a topic; with `--format qimen` or `epcis` the file may
be one document over many lines, JSON or XML. Leaves: each line's (or the document's) bytes as they
are (so that bad lines can be sent, too), keyed by their `warehouse` where it can be read, all
acknowledged by the broker. Fails with one sentence when there is nothing to send or nobody to
take it. Empty lines are skipped.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from xml.parsers import expat

import msgspec

from connectors.kafka import LOG, TOPICS, Outlet, ensure_topics
from connectors.kafka.client import LARGEST
from connectors.partitions import LogPartitions
from connectors.trouble import Trouble
from flows.commands.shown import as_json, say_line
from flows.domain import routing
from flows.domain.decode import canonical
from flows.domain.rejects import Reject
from flows.words import words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from flows.commands.parser import Subparsers
    from flows.settings import Settings

DOCUMENTS = ("qimen", "epcis")
"""Formats whose messages are often laid out over many lines."""
FORMATS = ("canonical", "debezium", "qimen", "epcis")
PATIENCE = 30.0
# Room for the key, the header and the record's own fields beside the value.
MOST = LARGEST - 1024
EXAMPLE = """example:
  waterline send scans.jsonl --topic wms.scans
  cat scans.jsonl | waterline send - --topic wms.scans --format canonical
  waterline send document.xml --topic wms.scans --format epcis
"""


class _Keyed(msgspec.Struct):
    warehouse: str = ""


_key_of = msgspec.json.Decoder(_Keyed).decode


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("send", epilog=EXAMPLE)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--topic", required=True)
    parser.add_argument("--format", choices=FORMATS)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Send every line; say how many went where."""
    say = words(settings.lang)
    topic = _topic(args.topic, settings.topic_prefix)
    headers = {"format": args.format.encode()} if args.format else None
    with _opened(args.file) as file:
        lines = _messages(file, args.file, args.format)
        first = next(lines, None)
        if first is None:
            raise Trouble(say("send.empty", file=_named(args.file)))
        sender = _Sender(settings, topic, headers)
        try:
            sender.send(first)
            sender.send_all(lines)
        finally:
            sender.close()
    full = settings.topic_prefix + topic
    if args.json:
        as_json({"topic": full, "sent": sender.lines, "messages": sender.messages})
    else:
        say_line(say("send.sent", count=sender.lines, topic=full))
    return 0


class _Sender:
    """Sends lines to one topic; on the log, each to the partitions of its event."""

    def __init__(self, settings: Settings, topic: str, headers: dict[str, bytes] | None) -> None:
        brokers = settings.need_brokers()
        count = ensure_topics(brokers, settings.topic_prefix)[topic]
        self.lines = self.messages = 0
        self._topic, self._headers = settings.topic_prefix + topic, headers
        self._partitions = (
            LogPartitions(settings.need_dsn(), count, patience=10) if topic == LOG else None
        )
        self._out = Outlet(brokers, patience=PATIENCE)

    def send_all(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            self.send(line)
        self._out.flush()

    def send(self, line: bytes) -> None:
        key = _key(line)
        for partition, homes in self._where(line):
            headers = {**(self._headers or {}), **(homes or {})} or None
            self._out.send(self._topic, key, line, headers, partition)
            self.messages += 1
        self.lines += 1

    def close(self) -> None:
        self._out.close(grace=0.0)
        if self._partitions is not None:
            self._partitions.close()

    def _where(self, line: bytes) -> Iterable[tuple[int | None, dict[str, bytes] | None]]:
        if self._partitions is None:
            return [(None, None)]
        event = canonical.decode(line)[0]
        if isinstance(event, Reject):  # anywhere will do: it will be refused
            return [(0, None)]
        return routing.placed(event, self._partitions.of, self._partitions.count)


def _topic(given: str, prefix: str) -> str:
    name = given if given in TOPICS else given.removeprefix(prefix)
    if name not in TOPICS:
        raise Trouble(f"--topic: there is no topic {given!r}; topics are {', '.join(TOPICS)}")
    return name


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(name).open("rb") as file:
            yield file
    except OSError as error:
        raise Trouble(f"{name}: {error.strerror or error}") from error


def _messages(file: BinaryIO, name: str, named: str | None) -> Iterator[bytes]:
    """Yield the messages of a file: its lines, or the one document that it is as a whole."""
    if named not in DOCUMENTS:
        return _lines(file, name)
    start = file.read(MOST + 1)
    if len(start) <= MOST and _one_document(start):
        return iter([start.strip()])
    return _lines(chain(BytesIO(start + file.readline()), file), name)


def _one_document(content: bytes) -> bool:
    """Tell whether the bytes are one JSON or XML document."""
    try:
        if content.lstrip().startswith(b"<"):
            expat.ParserCreate().Parse(content.strip(), True)  # noqa: FBT003 - "this is the end"
        else:
            msgspec.json.decode(content)
    except (expat.ExpatError, ValueError, RecursionError):
        return False
    return True


def _lines(file: Iterable[bytes], name: str) -> Iterator[bytes]:
    for number, raw in enumerate(file, 1):
        line = raw.rstrip(b"\r\n")
        if not line.strip():
            continue
        if len(line) > MOST:
            raise Trouble(
                f"{_named(name)}: line {number} has {len(line):,} bytes; "
                f"the broker takes at most {MOST:,}"
            )
        yield line


def _named(name: str) -> str:
    return "standard input" if name == "-" else name


def _key(line: bytes) -> bytes | None:
    try:
        warehouse = _key_of(line).warehouse
        return warehouse.encode() or None
    except (ValueError, RecursionError):
        return None
