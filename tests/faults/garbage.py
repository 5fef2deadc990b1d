"""What must be refused, by name: the corpus of the fault suite, which later decoders extend.

Each piece says what it is, its bytes and headers, and the code on each topic that refuses it;
IGNORED is a message that says nothing, FINE one that is taken.
"""

from __future__ import annotations

from typing import NamedTuple

from connectors.kafka import LOG, MASTER, ORDER_LINES, SCANS

IGNORED, FINE = "ignored", "fine"
GOOD = {
    "event_id": '"g-%s"',
    "type": '"inbound"',
    "occurred_at": '"2026-03-02T10:00:00+08:00"',
    "warehouse": '"A"',
    "sku": '"S1"',
    "quantity": "2",
    "to_bin": '"P"',
}
EVERYWHERE = (SCANS, MASTER, ORDER_LINES, LOG)
OURS = (SCANS, MASTER, LOG)
"""Topics of canonical events alone."""


class Piece(NamedTuple):
    """One message and what becomes of it, by topic."""

    name: str
    value: bytes | None
    codes: dict[str, str]
    headers: dict[str, bytes] | None = None


def receipt(name, **changed) -> bytes:
    """Return a receipt as JSON text with some fields' texts changed."""
    fields = {**GOOD, **changed}
    body = ",".join(f'"{field}":{text}' for field, text in fields.items() if text is not None)
    return ("{" + body.replace("%s", name) + "}").encode()


def everywhere(code, topics=EVERYWHERE) -> dict[str, str]:
    """Return the same code for those topics."""
    return dict.fromkeys(topics, code)


def of_size(name, size) -> bytes:
    """Return a receipt of exactly so many bytes: spaces mean nothing."""
    body = receipt(name)
    return body[:-1] + b" " * (size - len(body)) + b"}"


def on_scans(name, code, **changed) -> Piece:
    """Return a receipt that both scans and log refuse."""
    value = receipt(name.replace(" ", "-"), **changed)
    return Piece(name, value, everywhere(code, (SCANS, LOG)))


DEEP = b'{"event_id":"deep","type":"inbound","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
TOMBSTONE = Piece("null value", None, {**everywhere("empty", OURS), ORDER_LINES: IGNORED})
PIECES = [
    TOMBSTONE,
    Piece("empty", b"", everywhere("empty")),
    Piece("only spaces", b"  \n", everywhere("empty")),
    Piece("broken JSON", b'{"event_id":', everywhere("not_json")),
    Piece("no JSON", b"hello", everywhere("not_json")),
    Piece("invalid UTF-8", b'{"event_id":"\xff\xfe"}', everywhere("not_json")),
    Piece("a list", b"[1,2]", everywhere("not_an_object")),
    Piece("a number", b"7", everywhere("not_an_object")),
    Piece("deep nesting", DEEP, everywhere("not_json", OURS)),
    Piece("10 MB", of_size("ten", 10_000_000), everywhere("too_large")),
    Piece("one byte too many", of_size("over", 1_000_001), everywhere("too_large")),
    Piece("1 MB exactly", of_size("exact", 1_000_000), everywhere(FINE, (SCANS, LOG))),
    on_scans("unknown type", "unknown_type", type='"dance"'),
    on_scans("no type", "missing_field", type=None),
    on_scans("no sku", "missing_field", sku=None),
    on_scans("wrong type of field", "wrong_type", sku="7"),
    on_scans("list for quantity", "wrong_type", quantity="[2]"),
    on_scans("word for quantity", "bad_value", quantity='"many"'),
    on_scans("nothing moved", "bad_value", quantity="0"),
    on_scans("time without offset", "bad_time", occurred_at='"2026-03-02T10:00:00"'),
    on_scans("no such day", "bad_time", occurred_at='"2026-02-30T10:00:00Z"'),
    on_scans("future clock", "clock_future", occurred_at='"2199-01-01T00:00:00Z"'),
    on_scans("lone surrogate", "not_json", sku='"\\ud800"'),
    on_scans("NUL", "bad_text", sku='"a\\u0000b"'),
    on_scans("control character", "bad_text", sku='"a\\u0002b"'),
    Piece(
        "unknown format",
        receipt("format"),
        everywhere("unknown_format", (SCANS, MASTER, ORDER_LINES)),
        {"format": b"dance"},
    ),
    Piece("a tick on scans", receipt("tick", type='"tick"'), {SCANS: "unknown_type"}),
    Piece("a scan on master", receipt("scan"), {MASTER: "unknown_type"}),
]
CONFLICT = (receipt("twice"), receipt("twice", quantity="3"))
"""The same id with other content: the second is refused, on the log."""
