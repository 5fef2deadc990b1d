"""What the replay hands out and what it can be asked for.

A Message is what one producer call needs; Options are the choices of a run. `Options.checked`
raises Trouble with one sentence naming the option that cannot be.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from connectors.trouble import Trouble

MASTER = "wms.master"
ORDERS = "oms.order-lines"
SCANS = "wms.scans"
TOPICS = (MASTER, ORDERS, SCANS)

MOST_DAYS = 330
MOST_WAREHOUSES = 8


class Message(NamedTuple):
    """One message to be sent at `at`; the topic has no installation prefix."""

    topic: str
    key: bytes | None
    value: bytes
    headers: dict[str, bytes]
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Options:
    """One run. Same options, same messages, byte for byte (`until` is part of the options).

    `session` above 1 gives devices, documents and orders names of their own, so that a second
    replay into the same installation repeats no number of the first.
    """

    until: datetime
    days: int = 60
    warehouses: int = 8
    skus: int = 6000
    seed: int = 7
    live: bool = False
    speed: float = 120.0
    repeats: float = 0.0
    late: float = 0.0
    offline: tuple[tuple[str, float], ...] = ()
    session: int = 1

    def checked(self) -> Options:
        """Return these options, or raise Trouble for the first that cannot be."""
        for ok, sentence in (
            (
                1 <= self.days <= MOST_DAYS,
                f"--days must be between 1 and {MOST_DAYS}, not {self.days}",
            ),
            (
                1 <= self.warehouses <= MOST_WAREHOUSES,
                f"--warehouses must be between 1 and {MOST_WAREHOUSES}, not {self.warehouses}",
            ),
            (
                100 <= self.skus <= 20_000,  # noqa: PLR2004
                f"--skus must be between 100 and 20000, not {self.skus}",
            ),
            (0 < self.speed <= 100_000, f"--speed must be above 0, not {self.speed:g}"),  # noqa: PLR2004
            (0 <= self.repeats < 1, f"--repeats is a share from 0 to 1, not {self.repeats:g}"),
            (0 <= self.late < 1, f"--late is a share from 0 to 1, not {self.late:g}"),
            (self.until.tzinfo is not None, "--until needs an offset, like 2025-09-01T12:00+08:00"),
            *(
                (
                    0 < hours < self.days * 24,
                    f"--offline {name}:{hours:g} must be shorter than --days {self.days}",
                )
                for name, hours in self.offline
            ),
        ):
            if not ok:
                raise Trouble(sentence)
        return self

    @property
    def mark(self) -> str:
        """Return what names of this session carry."""
        return str(self.session) if self.session > 1 else ""

    @property
    def until_ms(self) -> int:
        """Return the end of the history in milliseconds since 1970."""
        return int(self.until.astimezone(UTC).timestamp()) * 1000
