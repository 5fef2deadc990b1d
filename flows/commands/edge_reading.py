"""What a scan is to the edge: a canonical event in normal form, or a foreign message as it came.

Enters: the bytes of one scan, its format, an id to take when it names none. Leaves: a `Scan` that
waits for its number. What is absent is filled in: event_id, occurred_at and recorded_at (now),
warehouse and device (the edge's). Fails with `Refusal` 422 naming the field, in both languages;
nothing of what the centre would refuse is kept here, but for what only the centre can know.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from connectors.edge.scan import CANONICAL, Refusal, Scan
from flows.domain.decode import canonical
from flows.domain.decode.formats import MAX_BYTES, SCAN_FORMATS, SCAN_TYPES, decode_scan
from flows.domain.decode.refusal import missing
from flows.domain.rejects import AHEAD, CODES_ZH, Reject, clock_future

if TYPE_CHECKING:
    from flows.domain.events import Event

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode
_NOTHING = (None, b"null", b'""')
_EPOCH = "1970-01-01T00:00:00Z"
ROOM = 1024
"""Bytes that `sent_at`, the number and the id may add to a message before the centre's limit."""


class Reading:
    """Reads scans for one edge; called from many threads."""

    def __init__(self, name: str, warehouse: str | None) -> None:
        """Take the edge's name, and the warehouse of scans that name none."""
        self._name = name
        self._warehouse = _encode(warehouse) if warehouse else None

    def __call__(self, raw: bytes, kind: str, own_id: str) -> Scan:
        """Return the scan in `raw`."""
        if len(raw) > MAX_BYTES - ROOM:
            raise _refusal(Reject("too_large", "", f"The scan has {len(raw):,} bytes: too many."))
        if kind != CANONICAL:
            return _foreign(raw, kind)
        return self._canonical(raw, own_id)

    def _canonical(self, raw: bytes, own_id: str) -> Scan:
        fields = _fields(raw)
        if _absent(fields, "event_id"):
            fields["event_id"] = msgspec.Raw(_encode(own_id))
        if self._warehouse and _absent(fields, "warehouse"):
            fields["warehouse"] = msgspec.Raw(self._warehouse)
        undated = _absent(fields, "occurred_at")
        if undated:
            fields["occurred_at"] = msgspec.Raw(_encode(_EPOCH))
        event = _event(_encode(fields))
        # What the sender said, before anything that another try would fill in differently.
        content = _digest(canonical.content(event))
        now = datetime.now(UTC)
        if undated:
            event.occurred_at = now
        elif event.occurred_at > now + AHEAD:
            raise _refusal(clock_future(event.event_id, event.occurred_at, now))
        return self._scan(event, content, now)

    def _scan(self, event: Event, content: bytes, now: datetime) -> Scan:
        if event.device is None:
            if event.device_seq is not None:
                raise _refusal(missing("device").reject())
            event.device = self._name
        event.recorded_at = event.recorded_at or now
        event.sent_at = None
        key = getattr(event, "warehouse", None) or ""
        body, seq = partial(_numbered, event), event.device_seq
        return Scan(event.event_id, content, key.encode(), body, event.device, seq)


def _numbered(event: Event, seq: int | None) -> bytes:
    event.device_seq = seq
    return canonical.encode(event)


def _absent(fields: dict[str, msgspec.Raw], name: str) -> bool:
    found = fields.get(name)
    return (None if found is None else bytes(found)) in _NOTHING


def _fields(raw: bytes) -> dict[str, msgspec.Raw]:
    """Return the fields of a JSON object; let the decoder say what is wrong with anything else."""
    try:
        return _FIELDS.decode(raw)
    except (ValueError, RecursionError):
        _event(raw)
        raise


def _event(value: bytes) -> Event:
    found = canonical.decode(value, allowed=SCAN_TYPES)[0]
    if isinstance(found, Reject):
        raise _refusal(found)
    return found


def _foreign(raw: bytes, kind: str) -> Scan:
    """Keep a message of another standard as it is: its own bytes are its identity."""
    found: list[Any] = decode_scan(raw, None, {"format": kind.encode()})
    rejects = [one for one in found if isinstance(one, Reject)]
    if rejects and len(rejects) == len(found):
        raise _refusal(rejects[0])
    content = _digest(raw)
    name = kind if kind in SCAN_FORMATS else "foreign"
    key = next((getattr(one, "warehouse", None) for one in found), None) or ""
    return Scan(f"{name}:{content.hex()}", content, key.encode(), lambda _: raw, format=kind)


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()


def _refusal(reject: Reject) -> Refusal:
    field = f"`{reject.field}`：" if reject.field else ""
    chinese = f"{field}{CODES_ZH.get(reject.code, reject.message)}。"
    status = 413 if reject.code == "too_large" else 422
    return Refusal(status, reject.code, reject.field, {"en": reject.message, "zh-CN": chinese})
