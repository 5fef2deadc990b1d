"""What systems outside ask the simulated buyers for while the stream is live.

Enters: purchases, from any thread. Leaves: purchase orders, sent and delivered as the buyers' own.
What names no shelf of the simulator is left out.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from connectors.replay.purchasing import Purchasing
    from connectors.replay.warehouse import Shelf
    from connectors.replay.world import World


class Purchase(NamedTuple):
    """So much of a SKU for a warehouse, in 1/1000 base units, under a document."""

    warehouse: str
    sku: str
    quantity: int
    document: str


class Inbox:
    """Takes purchases from other threads; the simulator looks between two steps."""

    def __init__(self, world: World, purchasing: Purchasing) -> None:
        """Nothing was asked for yet."""
        self._purchasing = purchasing
        self._shelves: dict[tuple[str, str], Shelf] = {
            (house.code, shelf.item.sku): shelf for house in world.houses for shelf in house.shelves
        }
        self._asked: deque[Purchase] = deque()
        self._documents: set[str] = set()

    def ask(self, purchase: Purchase) -> bool:
        """Ask for goods, once under a document; return whether that is new and can be."""
        known = (purchase.warehouse, purchase.sku) in self._shelves
        taken = known and purchase.document not in self._documents
        if taken:
            self._documents.add(purchase.document)
            self._asked.append(purchase)
        return taken

    def take(self, at: int) -> None:
        """Order what was asked for since."""
        while self._asked:
            one = self._asked.popleft()
            shelf = self._shelves[one.warehouse, one.sku]
            self._purchasing.order(shelf, one.quantity, one.document, at)
