"""The whole replay in time order: history first, then, if asked, the live stream.

Enters: Options and the installed data set. Leaves: messages, one at a time; memory holds the
warehouses' stock and what is planned, never the stream. Raises Trouble for options that cannot be.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from connectors.replay.clock import HOUR, MINUTE, next_local
from connectors.replay.faults import with_faults
from connectors.replay.fulfilment import Fulfilment
from connectors.replay.inbox import Inbox
from connectors.replay.incidents import Incidents
from connectors.replay.mishaps import Mishaps
from connectors.replay.opening import prepare
from connectors.replay.orders import Baskets, folder
from connectors.replay.purchasing import Purchasing
from connectors.replay.transfers import Transfers
from connectors.replay.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connectors.replay.message import Message, Options
    from connectors.replay.warehouse import Shelf
    from connectors.replay.world import World

_OPEN_ORDERS = 8 * HOUR  # what the connector's snapshot finds
_SNAPSHOT = 10 * MINUTE
_FOREVER = 1 << 62


class Replay:
    """One run: `history()` to its end, then `live()` for as long as it is read."""

    def __init__(self, options: Options) -> None:
        """Read the year's figures, lay out the warehouses, plan the first night."""
        self.options = options.checked()
        self.world, self._stores = prepare(self.options)
        world = self.world
        self._upkeep = Upkeep(world)
        self._fulfilment = Fulfilment(world, self._upkeep.returned)
        self._upkeep.served = self._fulfilment.serve
        purchasing = Purchasing(world, self._fulfilment.serve)
        transfers = Transfers(world, purchasing)
        mishaps = Mishaps(world, transfers)
        self._remember = mishaps.remember
        self._incidents = Incidents(world, mishaps, self._fulfilment)
        self.inbox = Inbox(world, purchasing)
        self._reached = world.start
        for house in world.houses:
            n = house.index * 0.1
            world.agenda.at(next_local(world.start, 6 + n), partial(self._upkeep.day, house))
            world.agenda.at(next_local(world.start, 9 + n), partial(purchasing.review, house))
            world.agenda.at(next_local(world.start, 14 + n), partial(transfers.review, house))
        listed = set(world.shelves)
        self._baskets = Baskets(folder(), world.end, world.start - _OPEN_ORDERS, listed)
        self._basket = self._baskets.next()
        world.agenda.at(world.start - _SNAPSHOT, self._snapshot)

    @property
    def shelves(self) -> Iterator[Shelf]:
        """Yield every (SKU, warehouse)."""
        for house in self.world.houses:
            yield from house.shelves

    def history(self) -> Iterator[Message]:
        """Yield everything up to `until`."""
        return self._run(self.world, self.world.end - 1, lambda: False)

    def live(
        self, speed: float | None = None, stopping: Callable[[], bool] = lambda: False
    ) -> Iterator[Message]:
        """Yield what happens from now on, until `stopping`, `speed` times as fast as the data.

        May be called again, after a stop or in another process: it goes on where it stopped.
        """
        now = max(time.time_ns() // 1_000_000, self.world.clock.real(self._reached))
        speed = speed or self.options.speed
        self.world.clock.anchor(self._reached, now, speed)
        self._incidents.plan(self._reached, speed)
        return self._run(self.world, _FOREVER, stopping)

    def renew(self, session: int) -> None:
        """Go on as a session of its own: what the last one sent after its state is not known."""
        self.options = replace(self.options, session=session)
        self.world.renew(session)

    def _snapshot(self, at: int) -> None:
        waiting = []
        while self._basket.at < self.world.start:
            waiting.append(self._basket._replace(at=at, store=self._stores[self._basket.store]))
            self._basket = self._baskets.next()
        for number, basket in enumerate(waiting):
            flag = "first" if not number else "true"
            if number == len(waiting) - 1:
                flag = "last"
            self._fulfilment.place(basket, flag)

    def _run(self, world: World, limit: int, stopping: Callable[[], bool]) -> Iterator[Message]:
        agenda, sent = world.agenda, world.sent
        while not stopping():
            self.inbox.take(self._reached)
            order_at, act_at = self._basket.at, agenda.next_at
            if min(order_at, act_at) > limit:
                self._reached = limit + 1
                return
            self._reached = min(order_at, act_at)
            if act_at <= order_at or order_at < world.start:
                agenda.step()
            else:
                self._order()
            if sent:
                yield from sent
                sent.clear()

    def _order(self) -> None:
        basket = self._basket
        basket = basket._replace(store=self._stores[basket.store])
        self._remember(self._fulfilment.place(basket))
        self._basket = self._baskets.next()


def feed(options: Options, stopping: Callable[[], bool] = lambda: False) -> Iterator[Message]:
    """Yield the replay's messages in time order, with the faults asked for.

    With `options.live` it goes on until `stopping` says so.
    """
    replay = Replay(options)

    def whole() -> Iterator[Message]:
        yield from replay.history()
        if options.live:
            yield from replay.live(stopping=stopping)

    return with_faults(whole(), options)
