"""Several processes as one Bytewax cluster: who the members are, and how one of them ends.

Enters: the addresses of all members and which one this is. Leaves: the end of its engine, in
order or not. Each member has partitions of its own (p modulo members), so no message ever crosses
the network; only the engine's progress does. May fail with `Trouble` when a member is lost: the
engine cannot go on without it, so all of them end and are started again.
"""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.addresses import host_port, loopback
from connectors.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flows.stopping import Stop

ALONE, FAILED = 2.5, 0.3
"""Seconds for which a member that is to end, or has failed, waits for the others to end too."""


@dataclass(frozen=True)
class Member:
    """One process of a cluster: the `number`-th, from 0, of those that listen at `addresses`."""

    number: int
    addresses: tuple[str, ...]

    @property
    def share(self) -> tuple[int, int]:
        """The number and how many there are: partition p belongs to p modulo how many."""
        return self.number, len(self.addresses)


class Lost(Trouble):
    """The engine ended by itself: another member is gone."""

    def __init__(self, why: str) -> None:
        """Keep the engine's own words, unless they only say that a connection was cut."""
        more = "" if "thread panic" in why else f": {why}"
        super().__init__(f"the cluster lost a member, so this one ends too{more}")


def address_of(text: str) -> str:
    """Return an address host:port as given, or raise ValueError with a sentence."""
    host_port(text, lowest=1)
    return text


def beyond(addresses: Sequence[str]) -> list[str]:
    """Return the addresses that other machines may reach: all but those of the loopback."""
    return [address for address in addresses if not loopback(host_port(address)[0])]


def run_member(engine: Callable[[], None], stop: Stop) -> bool:
    """Run `engine` in a thread of its own; return whether it has ended.

    A member that failed, or is to end while the others go on, cannot end the engine by itself:
    it is left behind, for the process to end with it still there.
    """
    said: list[BaseException] = []
    thread = threading.Thread(target=_engine, args=(engine, said), name="engine", daemon=True)
    thread.start()
    while thread.is_alive() and stop.since < (ALONE if stop.failure is None else FAILED):
        thread.join(0.05)
    if said and stop.failure is None:
        stop.fail(Lost(" ".join(str(said[0]).split())))
    return not thread.is_alive()


def _engine(engine: Callable[[], None], said: list[BaseException]) -> None:
    try:
        engine()
    except BaseException as error:  # noqa: BLE001 - Rust's panics are not Exceptions
        said.append(error)


def leave(code: int) -> None:
    """End the process whose engine still waits for the others; nothing of ours is open."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
