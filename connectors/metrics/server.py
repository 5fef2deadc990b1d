"""A small HTTP server for probes and Prometheus: GET of a few paths, nothing else.

Enters: an address and a function per path. Leaves: a thread that answers. Only requests whose Host
header names this server are answered, so that a web page in somebody's browser cannot read it
through a name that resolves to 127.0.0.1. May fail with `Trouble` when no port is free.
"""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any, NamedTuple

from connectors.trouble import Trouble

TRIES = 20
"""How many ports are tried, one after the other."""


class Answer(NamedTuple):
    """What a path gives."""

    body: bytes
    kind: str = "application/json; charset=utf-8"
    status: int = HTTPStatus.OK


Respond = Callable[[str], Answer]
"""Takes the request's Accept header."""


def document(value: Any, status: int = HTTPStatus.OK) -> Answer:
    """Return an answer that is one JSON document."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return Answer(f"{text}\n".encode(), status=status)


class Server:
    """Answers at `host`, at `port` or the next free one."""

    def __init__(self, host: str, port: int, paths: Mapping[str, Respond]) -> None:
        """Take a port; answer nothing yet."""
        self._server = _listening(host, port, paths)
        self.port: int = self._server.server_address[1]
        shown = f"[{host}]" if ":" in host else host
        self.address = f"{shown}:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="metrics", daemon=True
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Answer no more."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def server_bind(self) -> None:
        # HTTPServer would look up the machine's name, which may take seconds.
        socketserver.TCPServer.server_bind(self)


def _listening(host: str, port: int, paths: Mapping[str, Respond]) -> _Listener:
    class Handler(_Handler):
        known = paths
        host_name = host

    class Listener(_Listener):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    for one in range(port, min(port + TRIES, 65536)) if port else (0,):
        try:
            return Listener((host, one), Handler)
        except OSError as error:
            last = error
    raise Trouble(f"WATERLINE_METRICS: cannot listen on {host}:{port} or after: {last.strerror}")


class _Handler(BaseHTTPRequestHandler):
    known: Mapping[str, Respond] = {}
    host_name = ""
    timeout = 5
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a path."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """Answer a path without its body."""
        self._answer(body=False)

    def version_string(self) -> str:
        """Return what the Server header says."""
        return "waterline"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: a probe asks all day."""

    def _answer(self, *, body: bool) -> None:
        path = self.known.get(self.path.partition("?")[0])
        if not _ours(self.headers.get("Host", ""), self.host_name):
            answer = document({"error": "unknown host"}, HTTPStatus.MISDIRECTED_REQUEST)
        elif path is None:
            answer = document({"error": "not found", "paths": list(self.known)}, 404)
        else:
            answer = path(self.headers.get("Accept", ""))
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if body:
            self.wfile.write(answer.body)


def _ours(header: str, bound: str) -> bool:
    """Whether a Host header names this server: the loopback, or the address that was chosen."""
    host = header.rpartition(":")[0] if not header.endswith("]") else header
    host = (host if header.rpartition(":")[2].isdigit() else header).strip("[]").lower()
    if host in {"localhost", bound.lower()}:
        return True
    try:
        address = ip_address(host)
        return address.is_loopback or not ip_address(bound).is_loopback
    except ValueError:  # a name; when all interfaces were chosen, this machine's own is meant
        return bound in {"0.0.0.0", "::"} and host == socket.gethostname().lower()  # noqa: S104
