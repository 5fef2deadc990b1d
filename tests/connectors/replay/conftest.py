"""One small replay that most tests look at: six days, three warehouses."""

from __future__ import annotations

import pickle
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from connectors.replay import ORDERS, SCANS, Message, Options, Replay

UNTIL = datetime(2025, 9, 3, 15, 0, tzinfo=timezone(timedelta(hours=8)))


class Told:
    """A replay that was read to the end of its history, and what it said."""

    def __init__(self, options: Options) -> None:
        """Read it to the end."""
        self.options = options
        self.replay = Replay(options)
        self.messages: list[Message] = list(self.replay.history())
        self.values = [msgspec.json.decode(message.value) for message in self.messages]

    def of(self, topic: str) -> list[dict[str, Any]]:
        """Return the values of one topic."""
        return [
            value
            for message, value in zip(self.messages, self.values, strict=True)
            if message.topic == topic
        ]

    def scans(self, *kinds: str) -> list[dict[str, Any]]:
        """Return the scans of these kinds, of all without any."""
        return [event for event in self.of(SCANS) if not kinds or event["type"] in kinds]

    def images(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        """Return (order_id, line_id) → its change events in the order they were sent."""
        lines = defaultdict(list)
        for change in self.of(ORDERS):
            lines[change["after"]["order_id"], change["after"]["line_id"]].append(change)
        return lines


def small(**changes: Any) -> Options:
    """Return options of a quick replay."""
    given = {"until": UNTIL, "days": 1, "warehouses": 2, "skus": 800, "seed": 3, **changes}
    return Options(**given)


@pytest.fixture(scope="session")
def told() -> Told:
    """Return six days of three warehouses."""
    return Told(small(days=6, warehouses=3, skus=3000))


@pytest.fixture(scope="session")
def day_and_after() -> tuple[list[Message], bytes]:
    """Return one day of two warehouses, and the pickled simulator after it."""
    replay = Replay(small())
    return list(replay.history()), pickle.dumps(replay)


@pytest.fixture(scope="session")
def day(day_and_after: tuple[list[Message], bytes]) -> list[Message]:
    """Return one day of two warehouses."""
    return day_and_after[0]


@pytest.fixture
def replay(day_and_after: tuple[list[Message], bytes]) -> Replay:
    """Return a simulator that has come to the end of that day."""
    after: Replay = pickle.loads(day_and_after[1])  # noqa: S301 - our own bytes
    return after
