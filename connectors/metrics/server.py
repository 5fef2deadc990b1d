"""A small HTTP server for probes and Prometheus: GET of a few paths, nothing else.

Enters: an address and a function per path. Leaves: a thread that answers those who name this server
as the host. May fail with `Trouble` when no port is free.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple

from connectors.http import Connections, Listening, names_us
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


def listen(host: str, port: int, paths: Mapping[str, Respond]) -> Listening:
    """Return a server at `host`, at `port` or the next free one."""

    class Handler(_Handler):
        known = paths
        host_name = host

    for one in range(port, min(port + TRIES, 65536)) if port else (0,):
        try:
            return Listening(Connections(host, one, Handler), "metrics")
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
        if not names_us(self.headers.get("Host", ""), self.host_name):
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
