"""What our small HTTP servers share: a listening thread, and who may ask.

Enters: an address and a handler. Leaves: a server in a thread of its own, a thread a connection.
Only requests whose Host header names the server should be answered, so that a web page in
somebody's browser cannot reach it through a name that resolves to 127.0.0.1. `OSError` when the
port cannot be had.
"""

from __future__ import annotations

import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address


class Connections(ThreadingHTTPServer):
    """Takes connections; `host` may be of either family."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        """Take the port."""
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), handler)

    def server_bind(self) -> None:
        """Bind without looking up the machine's name, which may take seconds."""
        socketserver.TCPServer.server_bind(self)


class Listening:
    """A server and its thread; `address` says where it is."""

    def __init__(self, connections: Connections, name: str) -> None:
        """Answer nothing yet."""
        self._connections = connections
        host, self.port = connections.server_address[0], int(connections.server_address[1])
        shown = f"[{host!s}]" if ":" in str(host) else str(host)
        self.address = f"{shown}:{self.port}"
        self._thread = threading.Thread(
            target=connections.serve_forever, args=(0.1,), name=name, daemon=True
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Take no more connections."""
        if self._thread.is_alive():
            self._connections.shutdown()
        self._connections.server_close()


def names_us(header: str, bound: str) -> bool:
    """Return whether a Host header names the server at `bound`: the loopback or that address."""
    host = header.rpartition(":")[0] if not header.endswith("]") else header
    host = (host if header.rpartition(":")[2].isdigit() else header).strip("[]").lower()
    if host in {"localhost", bound.lower()}:
        return True
    try:
        address = ip_address(host)
        return address.is_loopback or not ip_address(bound).is_loopback
    except ValueError:  # a name; when all interfaces were chosen, this machine's own is meant
        return bound in {"0.0.0.0", "::"} and host == socket.gethostname().lower()  # noqa: S104
