"""What the parts of the simulator share: time, chance, the desk, the OMS, the warehouses."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from connectors.replay.clock import Agenda, Clock
from connectors.replay.debezium import OrderTable
from connectors.replay.scans import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.replay.catalogue import Item
    from connectors.replay.clock import Act
    from connectors.replay.message import Message
    from connectors.replay.warehouse import House, Shelf


class World:
    """One run's shared state; deterministic under its seed."""

    def __init__(self, seed: int, run: str, start: int, end: int, mark: str = "") -> None:
        """Begin with nothing in it; `sent` collects what the current act sends.

        `mark` is part of the names of devices and documents.
        """
        self.clock = Clock()
        self.agenda = Agenda()
        self.rng = Random(seed)  # noqa: S311 - a simulation, not a secret
        self.mark = mark
        self.start = start
        self.end = end
        self.sent: list[Message] = []
        self.desk = Desk(self.clock, run, self.sent.append)
        self.oms = OrderTable(self.clock, self.sent.append, int(mark or 1))
        self.items: list[Item] = []
        self.houses: list[House] = []
        self.shelves: dict[int, list[Shelf | None]] = {}

    def renew(self, session: int) -> None:
        """Take names and numbers that no session before has used."""
        self.mark = str(session)
        self.oms.restart(session)
        for house in self.houses:
            house.renew()

    def between(self, low: float, high: float) -> int:
        """Return a whole number of that range."""
        return int(low + self.rng.random() * (high - low))

    def chance(self, share: float) -> bool:
        """Tell whether something that happens in that share of cases happens."""
        return self.rng.random() < share

    def round(
        self, at: int, steps: Sequence[Act], gap: int, then: Callable[[int], None] | None = None
    ) -> None:
        """Have the steps done one after the other by one person, about `gap` ms apart."""
        if steps or then:
            self.agenda.at(at, _Round(self, steps, gap, then))


class _Round:
    __slots__ = ("gap", "index", "steps", "then", "world")

    def __init__(
        self, world: World, steps: Sequence[Act], gap: int, then: Callable[[int], None] | None
    ) -> None:
        self.world = world
        self.steps = steps
        self.gap = gap
        self.then = then
        self.index = 0

    def __call__(self, at: int) -> None:
        if self.index < len(self.steps):
            self.steps[self.index](at)
            self.index += 1
        pause = self.world.between(self.gap * 0.5, self.gap * 1.5) + 1
        if self.index < len(self.steps):
            self.world.agenda.at(at + pause, self)
        elif self.then:
            self.world.agenda.at(at + pause, self.then)
