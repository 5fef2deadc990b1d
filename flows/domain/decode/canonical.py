"""Canonical events (`inventory.event/1`): bytes → one event or one reject, and back.

Enters: the value of a message of `wms.scans`, `wms.master` or the log. Leaves: a list of exactly
one event in normal form, or one Reject; nothing is ever raised. One tagged-union decoder does the
work; only what it refuses is read again, slowly, to be tidied or explained. `encode` writes the
normal form (decode(encode(e)) == e), `content` the part of it that makes two sendings the same.
"""

from __future__ import annotations

import msgspec

from flows.domain.decode.checks import check, check_texts
from flows.domain.decode.refusal import Refused, event_id_in, not_json
from flows.domain.decode.reread import refuse_type, reread
from flows.domain.events import TYPES, AnyEvent, Event
from flows.domain.rejects import CODES, Reject

_read = msgspec.json.Decoder(AnyEvent).decode
_write = msgspec.json.Encoder().encode
_TAGS = {kind: tag for tag, kind in TYPES.items()}


def decode(
    value: bytes | None, *, allowed: frozenset[str] | None = None
) -> list[AnyEvent | Reject]:
    """Return the one event in `value`, or the one reject; `allowed` None takes every type."""
    if value is None:
        return [empty()]
    try:
        try:
            event: AnyEvent = _read(value)
        except (ValueError, RecursionError):
            event = reread(value, allowed)
        if allowed is not None and (tag := _TAGS[type(event)]) not in allowed:
            raise refuse_type(tag, allowed)
        # a control character can only enter as an escape; most messages have no escape at all
        if value.find(b"\\") >= 0 and b"\\u00" in value:
            check_texts(event)
        check(event)
    except Refused as refused:
        return [refused.reject(event_id_in(value)) if value.strip() else empty()]
    except RecursionError as reason:
        return [not_json(reason).reject()]
    return [event]


def encode(event: Event) -> bytes:
    """Return the event's normal form as the log keeps it: one line of JSON, no absent fields."""
    return _write(event)


def content(event: Event) -> bytes:
    """Return the normal form without source, sent_at and recorded_at, which a resend may change.

    The event is put back as it was; it must not be shared with another thread meanwhile.
    """
    kept = event.source, event.sent_at, event.recorded_at
    event.source = event.sent_at = event.recorded_at = None
    try:
        return _write(event)
    finally:
        event.source, event.sent_at, event.recorded_at = kept


def empty() -> Reject:
    """Return the reject of a message without content."""
    return Reject("empty", "", f"A message needs a JSON object, but {CODES['empty']}.")
