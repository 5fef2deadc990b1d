"""Choosing a TCP port on this machine: the wanted one if free, else any free one.

Enters: preferred ports, best first. Leaves: a port that was free a moment ago; another program
may still take it before the server does, and then the server's start fails with its log shown.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HOST = "127.0.0.1"


def free(port: int) -> bool:
    """Say whether a server could listen on `port` now, on this machine's own address and on all."""
    for address in (HOST, ""):
        with socket.socket() as probe:
            # Without it a port in TIME_WAIT, from a server just stopped, would look taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def choose(preferred: Iterable[int | None], taken: Iterable[int] = ()) -> int:
    """Return the first of `preferred` that is free and not in `taken`, else any free port."""
    avoided = set(taken)
    for port in preferred:
        if port and port not in avoided and free(port):
            return port
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        if port not in avoided:
            return port


def open_to(port: int, timeout: float = 0.5) -> bool:
    """Say whether somebody accepts connections on `port` of this machine."""
    try:
        with socket.create_connection((HOST, port), timeout):
            return True
    except OSError:
        return False
