"""What the edge keeps, what it answers, and how it says no.

Enters: nothing. Leaves: the values that pass between the doors (HTTP, folder, pipe), the ledger
and the forwarder. `Refusal` carries the sentence in each language: connectors have no catalogue.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

LARGEST_SEQ = 2**63 - 1
CANONICAL = ""
"""The format of events that the edge numbers; any other is forwarded as it came."""


class Say(Protocol):
    """Returns language → sentence for an id of the catalogue."""

    def __call__(self, sentence: str, /, **values: object) -> Mapping[str, str]:
        """Return the sentence in every language."""


@dataclass(slots=True)
class Scan:
    """One valid scan before it has a number; `body(seq)` is the message to forward."""

    event_id: str
    content: bytes
    """A digest of what the sender said: the same id with another digest is a conflict."""
    key: bytes
    body: Callable[[int | None], bytes]
    device: str | None = None
    seq: int | None = None
    format: str = CANONICAL


class Kept(NamedTuple):
    """What was answered: the scan's place in the ledger and its number of the device."""

    number: int
    event_id: str
    device: str | None
    device_seq: int | None
    repeat: bool


class Waiting(NamedTuple):
    """A scan that the broker has not acknowledged."""

    number: int
    key: bytes
    format: str
    body: bytes


class Refusal(Exception):  # noqa: N818 - a verdict on the input, not a fault of the program
    """One sentence per language; `status` is HTTP's, `place` counts a request's scans from 1."""

    def __init__(
        self, status: int, code: str, field: str, texts: Mapping[str, str], place: int = 0
    ) -> None:
        """Keep what the sender is told."""
        super().__init__(texts["en"])
        self.status, self.code, self.field = status, code, field
        self.texts, self.place = texts, place

    def told(self, lang: str) -> dict[str, object]:
        """Return the refusal as a JSON object."""
        place = {"scan": self.place} if self.place else {}
        message = self.texts.get(lang) or self.texts["en"]
        return {"code": self.code, "field": self.field, "message": message, **place}


Read = Callable[[bytes, str, str], Scan]
"""(bytes of one scan, format or "", id to take when it has none) → Scan; raises Refusal."""


def new_id() -> str:
    """Return a UUID of version 7 (RFC 9562): in the order of time, unique without a centre."""
    chance = int.from_bytes(os.urandom(10), "big")
    value = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 80 | chance
    value = value & ~(0xF << 76) | 7 << 76
    return str(uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62))


def milliseconds() -> int:
    """Return the wall clock in whole milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def rfc3339(at_ms: int) -> str:
    """Return milliseconds since 1970 as a UTC time."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ranges(pairs: list[tuple[int, int]]) -> str:
    """Return (first, last) pairs as people write them: 5, 9–12."""
    return ", ".join(f"{first}" if first == last else f"{first}–{last}" for first, last in pairs)
