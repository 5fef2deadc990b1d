"""A reject with the place it came from: what `inventory.rejects` shows, as topic and as table.

Enters: a Reject, the message it is about. Leaves: a JSON document, or a row's values; texts are
made fit for PostgreSQL (no NUL, no lone surrogate) and payloads cut to the first 10 kB.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from datetime import datetime

    from flows.domain.rejects import Reject

MOST = 10_240
"""Bytes of a payload that are kept."""

_SHORT = 2_000  # characters of a field's path or an event's id: both may be the sender's


class Refused(msgspec.Struct, frozen=True):
    """One refusal of one message; `n` counts the refusals of the same message from 0."""

    topic: str
    partition: int
    offset: int
    n: int
    reject: Reject
    payload: bytes | None
    at: datetime

    def row(self) -> tuple[Any, ...]:
        """Return topic, partition, offset, n, code, field, message, event_id, payload, size."""
        payload = self.payload
        reject = self.reject
        return (
            self.topic,
            self.partition,
            self.offset,
            self.n,
            reject.code,
            fit(reject.field)[:_SHORT],
            fit(reject.message),
            fit(reject.event_id)[:_SHORT],
            None if payload is None else payload[:MOST],
            None if payload is None else len(payload),
        )

    def document(self) -> bytes:
        """Return the JSON of the topic: `payload` is text, or `payload_base64` if it is not."""
        code, field, message, event_id = self.row()[4:8]
        return msgspec.json.encode(
            {
                "code": code,
                "field": field,
                "message": message,
                "event_id": event_id,
                "topic": self.topic,
                "partition": self.partition,
                "offset": self.offset,
                "n": self.n,
                "at": self.at,
                **_payload(self.payload),
            }
        )


def too_many(what: str, last: Refused | None) -> str:
    """Say that a flow stops because too much of `what` was refused, and show the last of it.

    The limit may be passed by a message that was not refused: the last one came before it.
    """
    if last is None:
        return f"too many {what} are refused"
    return (
        f"too many {what} are refused (at {last.topic}/{last.partition} offset {last.offset}); "
        f"the last: {last.reject.code}: {last.reject.message}"
    )


def fit(text: str) -> str:
    """Return the text with what PostgreSQL cannot store replaced by U+FFFD or `?`."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def _payload(payload: bytes | None) -> dict[str, Any]:
    if payload is None:
        return {"payload": None}
    kept = payload[:MOST]
    cut: dict[str, Any] = {"payload_size": len(payload)} if len(payload) > MOST else {}
    try:
        # A cut may go through a character: its first bytes are left out.
        text = kept.decode("utf-8") if not cut else kept.decode("utf-8", "ignore")
    except UnicodeDecodeError:
        return {"payload_base64": base64.b64encode(kept).decode(), **cut}
    return {"payload": text, **cut}
