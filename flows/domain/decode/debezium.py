"""Debezium change events of an order system's line table: bytes → images of order lines.

Enters: the value (and key) of a message: an envelope with its schema, bare, or flattened by
ExtractNewRecordState. Leaves: a list: one image for c, u and r; a closed one for d; two when a
line moved to another warehouse (the old place is closed first); nothing for what changes no row
(t, m, tombstone, heartbeat, transaction and schema messages); or one Reject. Nothing is raised.

`version` is the row's own `version` if the table has one, else the log position (PostgreSQL lsn,
MySQL binlog file, position and row, Oracle scn), else the source's time in µs. A snapshot without
an lsn has version 0, so that any later change wins. After MySQL fails over to a server whose
binlog files are numbered anew, positions go back: take a new snapshot and start a new topic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, Raw, Struct

from flows.domain.decode import connect
from flows.domain.decode.order_row import COLUMNS, NEEDED, Place, Row, closing, image, layout
from flows.domain.decode.refusal import CONTROL, Refused, missing, not_json, shown
from flows.domain.decode.reread import document, lenient
from flows.domain.rejects import CODES, Reject

if TYPE_CHECKING:
    from datetime import datetime

    from flows.domain.decode.connect import Kinds
    from flows.domain.events import OrderLine

MAX_VERSION = 2**63 - 1


class _Source(Struct):
    """Of `source`, what places a change; connectors differ in which of these they have."""

    db: Any = None
    schema: Any = None
    table: Any = None
    lsn: Any = UNSET
    file: Any = UNSET
    pos: Any = None
    row: Any = None
    scn: Any = None
    ts_ms: Any = None
    ts_us: Any = None
    ts_ns: Any = None


class _Envelope(Struct):
    """A change event; a flattened row leaves `op` unset, a schema-wrapped one sets `payload`."""

    before: Any = None
    after: Any = None
    op: Any = UNSET
    source: _Source | None = None
    ts_ms: Any = None
    ts_us: Any = None
    ts_ns: Any = None
    # `schema` and `payload` may also be columns of a flattened row: anything is read
    schema: Raw = Raw()
    payload: Raw = Raw()


_read = msgspec.json.Decoder(_Envelope, float_hook=lenient).decode
_NOWHERE = _Source()
_DIGITS = 19
_SOURCED = frozenset(_Source.__struct_fields__)
_TIMES = frozenset({"ts_ms", "ts_us", "ts_ns"})


def decode(value: bytes | None, key: bytes | None = None) -> list[OrderLine | Reject]:
    """Return the images in `value`, nothing if it changes no row, or one reject."""
    if value is None or value == b"null":
        return []
    if not value or value.isspace():
        return [Reject("empty", "", f"A change event needs a JSON object, but {CODES['empty']}.")]
    try:
        return [*_message(value, key)]
    except Refused as refused:
        return [refused.reject()]
    except RecursionError as reason:
        return [not_json(reason).reject()]


def _message(value: bytes, key: bytes | None) -> list[OrderLine]:
    found = _envelope(value)
    if isinstance(found, _Envelope) and found.op is UNSET and bytes(found.payload):
        if bytes(found.payload) == b"null":
            return []
        kinds = connect.kinds(bytes(found.schema))
        value = bytes(found.payload)
        return _bare(value, _envelope(value), kinds, key)
    return _bare(value, found, {}, key)


def _bare(
    value: bytes, found: _Envelope | None, kinds: Kinds, key: bytes | None
) -> list[OrderLine]:
    if found is not None and found.op is not UNSET:
        return _change(found, kinds, key)
    return _flattened(document(value), kinds, key)


def _envelope(value: bytes) -> _Envelope | None:
    """Return the change event in `value`, None if it must be a row without an envelope."""
    try:
        return _read(value)
    except msgspec.ValidationError:
        row = document(value)
        if "op" in row:
            source = shown(row.get("source"))
            sentence = f"`source` must be an object, but it is {source}."
            raise Refused("wrong_type", "source", sentence) from None
        return None
    except (ValueError, RecursionError) as reason:
        raise not_json(reason) from None


def _change(found: _Envelope, kinds: Kinds, key: bytes | None) -> list[OrderLine]:
    if found.op in ("c", "u", "r"):
        after, before = _row(found.after, "after"), found.before
        place = _place(found.source or _NOWHERE, found, found.op)
        row = Row(after, kinds, before)
        return [*_left(row, before, kinds, place), image(row, place)]
    if found.op == "d":
        before = _row({} if found.before is None else found.before, "before")
        return [_closed(before, kinds, key, _place(found.source or _NOWHERE, found, "d"))]
    if found.op in ("t", "m"):
        return []
    raise _unknown_op(found.op, "op")


def _unknown_op(op: Any, field: str) -> Refused:
    must = "c, u, d, r, t or m"
    return Refused("bad_value", field, f"`{field}` must be {must}, but it is {shown(op)}.")


def _row(image_of: Any, field: str) -> dict[str, Any]:
    if image_of is None:
        raise missing(field)
    if not isinstance(image_of, dict):
        sentence = f"`{field}` must be an object, but it is {shown(image_of)}."
        raise Refused("wrong_type", field, sentence)
    return image_of


def _left(row: Row, before: Any, kinds: Kinds, place: Place) -> list[OrderLine]:
    """Return the closed image of the place that the line left, if `before` tells one."""
    if not isinstance(before, dict):
        return []
    old = Row(before, kinds)
    try:
        return [] if old.key() == row.key() else [closing(old, place)]
    except Refused:  # `before` is only the key, or was never a line
        return []


def _closed(before: dict[str, Any], kinds: Kinds, key: bytes | None, place: Place) -> OrderLine:
    known = Row(before, kinds)
    if any(known.raw(name, optional=True) is None for name in NEEDED) and key is not None:
        added, of_key = _key(key)
        kept = {name: value for name, value in before.items() if value not in (None, "")}
        known = Row({**before, **added, **kept}, {**of_key, **kinds})
    try:
        return closing(known, place)
    except Refused as refused:
        if refused.code != "missing_field" or refused.field.startswith("source"):
            raise
        sentence = (
            f"`{refused.field}` is needed to close the deleted line, but the delete carries only "
            "the key: set REPLICA IDENTITY FULL on the table."
        )
        raise Refused("missing_field", refused.field, sentence) from None


def _key(key: bytes) -> tuple[dict[str, Any], Kinds]:
    """Return the columns of the message's key, nothing if it cannot be read."""
    try:
        found = document(key)
    except Refused:
        return {}, {}
    payload = found.get("payload")
    if isinstance(payload, dict):
        return payload, connect.kinds(msgspec.json.encode(found.get("schema")))
    return found, {}


def _flattened(row: dict[str, Any], kinds: Kinds, key: bytes | None) -> list[OrderLine]:
    """Return the image in a row without its envelope; metadata columns begin with two `_`."""
    meta = {name[2:]: row[name] for name in row if name.startswith("__")}
    values = {name: value for name, value in row.items() if not name.startswith("__")}
    op = meta.get("op")
    if op in ("t", "m") or _notice(row):
        return []
    if not any(name in layout(tuple(values)) for name in NEEDED):
        names = ", ".join(COLUMNS[name][0] for name in NEEDED)
        sentence = f"The message is no Debezium change event and no row with {names}."
        raise Refused("unknown_format", "", sentence)
    if op not in (None, "c", "u", "r", "d"):
        raise _unknown_op(op, "__op")
    place = _place(_flat_source(meta), _flat_times(meta), op or "")
    if op == "d" or str(meta.get("deleted")).lower() == "true":
        return [_closed(values, kinds, key, place)]
    return [image(Row(values, kinds), place)]


def _notice(row: dict[str, Any]) -> bool:
    """Say whether this is a heartbeat, a transaction's border, or a change of the schema."""
    return (
        row.keys() <= {"ts_ms", "ts_us", "ts_ns"}
        or "ddl" in row
        or ("event_count" in row and row.get("status") in ("BEGIN", "END"))
    )


def _flat_source(meta: dict[str, Any]) -> _Source:
    source = _Source()
    for name, value in meta.items():
        plain = name.removeprefix("source_")
        if plain in _SOURCED and (plain not in _TIMES or plain != name):
            setattr(source, plain, value)
    return source


def _flat_times(meta: dict[str, Any]) -> _Envelope:
    return _Envelope(ts_ms=meta.get("ts_ms"), ts_us=meta.get("ts_us"), ts_ns=meta.get("ts_ns"))


def _place(source: _Source, envelope: _Envelope, op: str) -> Place:
    names = (source.db, source.schema, source.table)
    # the names become part of the event_id, which may hold no control character
    table = CONTROL.sub("?", ".".join(name for name in names if isinstance(name, str) and name))
    microseconds = _clock(source) or _clock(envelope)
    version = _position(source)
    if version is not None:
        return Place(table, version, f"{version}{'r' if op == 'r' else ''}", _at(microseconds))
    snapshot = source.lsn is not UNSET or source.file is not UNSET
    return Place(table, 0 if snapshot else microseconds, "", _at(microseconds))


def _clock(times: _Source | _Envelope) -> int | None:
    """Return the time of a change in µs since 1970, from the finest unit that is given."""
    for value, up, down in ((times.ts_us, 1, 1), (times.ts_ns, 1, 1000), (times.ts_ms, 1000, 1)):
        count = value if type(value) is int else _whole(value)
        if count:
            clock = count * up // down
            return clock if clock <= MAX_VERSION else None
    return None


def _at(microseconds: int | None) -> datetime | None:
    try:
        return None if microseconds is None else connect.instant(microseconds, 1000)
    except OverflowError:
        return None


def _position(source: _Source) -> int | None:
    """Return a whole number that grows with the source's log, None if it has no such place."""
    lsn = source.lsn
    place = lsn if type(lsn) is int else _lsn(lsn) or _binlog(source) or _whole(source.scn)
    return place if place and 0 < place <= MAX_VERSION else None


def _lsn(value: Any) -> int | None:
    """Return PostgreSQL's lsn, written as a number or as 16/B374D848."""
    if isinstance(value, str) and value.count("/") == 1:
        high, low = value.split("/")
        try:
            return (int(high, 16) << 32) | int(low, 16)
        except ValueError:
            return None
    return _whole(value)


def _binlog(source: _Source) -> int | None:
    """Return MySQL's place: 19 bits of file number, 34 of position, 10 of row."""
    file = source.file.rpartition(".")[2] if isinstance(source.file, str) else None
    number, position, row = _whole(file), _whole(source.pos), _whole(source.row) or 0
    if number is None or position is None or position >= 1 << 34 or row >= 1 << 10:
        return None
    return (number << 44) | (position << 10) | row


def _whole(value: Any) -> int | None:
    if type(value) is int:
        return value if value >= 0 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS:
        return int(value)
    return None
