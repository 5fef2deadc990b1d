"""What every door needs: where scans go, what they mean, what to say.

Enters: scans of one request. Leaves: them on disk, and the forwarder told. The door that takes
them (HTTP, folder, pipe) decides what an answer looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connectors.edge.ledger import Ledger
from connectors.edge.scan import Kept, Read, Say


@dataclass(frozen=True)
class Desk:
    """The ledger with what the caller handed in; `saved` tells the forwarder what was kept."""

    ledger: Ledger
    read: Read
    say: Say
    saved: Callable[[Sequence[Kept]], None]
    lang: str = "en"
