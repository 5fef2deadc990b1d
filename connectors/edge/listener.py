"""Scans over HTTP: durable before they are answered.

`POST /scans` takes one JSON object, a list, or JSON lines; all of a request is kept or nothing.
202: kept, or known already; 422: not valid; 409: the id or the number belongs to another event;
507: no room. `GET /status`, `GET /health`. Each connection is a thread; scans of many share one
transaction. A page of a browser is refused (Origin, Host), so that none can send scans here.
"""

from __future__ import annotations

import hmac
import json
import logging
import re
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import msgspec

from connectors.edge import entries
from connectors.edge.ledger import Full
from connectors.edge.scan import CANONICAL, Kept, Refusal, Scan, new_id
from connectors.http import Connections, Listening, names_us
from connectors.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.edge.desk import Desk
    from connectors.edge.scan import Say

MOST_BYTES = 4 * 1024 * 1024
MOST_DISCARDED = 32 * 1024 * 1024
MOST_SCANS = 1000
MOST_CONNECTIONS = 128
IDLE_S = 30
_LOG = logging.getLogger("waterline.edge")
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_ONE = msgspec.json.Decoder(msgspec.Raw)


@dataclass(frozen=True)
class Counter:
    """What requests need beside the desk: the state to tell, and the token to ask for."""

    desk: Desk
    status: Callable[[], dict[str, Any]]
    token: str | None = None

    def take(self, body: bytes, kind: str, *, lines: bool) -> tuple[list[Kept], bool]:
        """Keep the scans of a request; return them, and whether it was one alone."""
        desk = self.desk
        parts, alone = split(body, kind, desk.say, lines=lines)
        scans: list[Scan] = []
        try:
            for part in parts:
                scans += [desk.read(part, kind, new_id())]  # len(scans) tells the place
        except Refusal as refusal:
            refusal.place = 0 if alone else len(scans) + 1
            raise
        kept = desk.ledger.do(partial(entries.put, scans=scans, say=desk.say))
        desk.saved(kept)
        return kept, alone


def split(body: bytes, kind: str, say: Say, *, lines: bool) -> tuple[list[bytes], bool]:
    """Return a request's scans, and whether it is one scan and no list."""
    text = body.strip()
    if not text:
        raise Refusal(422, "empty", "", say("edge.empty"))
    if kind != CANONICAL:
        return [body], True
    if text[:1] == b"[" and not lines:
        try:
            parts = [bytes(part) for part in _ITEMS.decode(text)]
        except (ValueError, RecursionError):
            return [text], True  # the reader says what is wrong
        alone = False
    else:
        parts, alone = _one_or_lines(text, lines=lines)
    if not parts or len(parts) > MOST_SCANS:
        raise Refusal(422 if not parts else 413, "too_many", "", say("edge.count", most=MOST_SCANS))
    return parts, alone


def _one_or_lines(text: bytes, *, lines: bool) -> tuple[list[bytes], bool]:
    found = [line for line in text.split(b"\n") if line.strip()]
    if lines:
        return found, False
    if len(found) > 1:
        try:
            _ONE.decode(text)
        except (ValueError, RecursionError):
            return found, False
    return [text], True


def listen(host: str, port: int, counter: Counter) -> Listening:
    """Return the server, which does not answer yet; raise Trouble when the port cannot be had."""
    handler = type("Handler", (_Handler,), {"counter": counter, "bound": host})
    try:
        return Listening(_Server(host, port, handler), "http")
    except OSError as error:
        raise Trouble(f"--listen {host}:{port}: {error.strerror or error}") from error


class _Server(Connections):
    request_queue_size = 128

    def __init__(self, host: str, port: int, handler: type[_Handler]) -> None:
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(host, port, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection, or turn it away when too many are open."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        busy = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
        request.settimeout(0)
        with suppress(OSError):
            request.send(busy + b"Connection: close\r\n\r\n")
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Give the place back when the connection ends."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about connections that break off."""
        del request, client_address
        _LOG.debug("a connection broke off", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    counter: ClassVar[Counter]
    bound: ClassVar[str]
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "waterline-edge", ""
    timeout = IDLE_S
    wbufsize = 65_536  # headers and body in one packet
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Take scans."""
        self._answered(self._post)

    def do_GET(self) -> None:
        """Tell the state."""
        self._answered(self._get)

    def _answered(self, work: Callable[[], tuple[int, Any]]) -> None:
        try:
            status, found = self._tried(work)
        except Refusal as refusal:
            status, found = refusal.status, {"error": refusal.told(self._lang())}
        self._send(status, found)

    def _tried(self, work: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
        """Return status and answer; whatever fails is a Refusal, but for a broken connection."""
        say = self.counter.desk.say
        try:
            self._admit()
            return work()
        except Full as error:
            raise Refusal(507, "full", "", say("edge.full")) from error
        except Trouble as error:
            raise Refusal(503, "closing", "", say("edge.closed")) from error
        except (OSError, Refusal):
            raise
        except Exception as error:
            _LOG.exception("a request failed")
            raise Refusal(500, "failed", "", say("edge.failed")) from error

    def _post(self) -> tuple[int, Any]:
        path = urlsplit(self.path)
        if path.path != "/scans":
            raise self._refused(HTTPStatus.NOT_FOUND, "no_such_path", path=path.path[:60])
        body = self._body()
        kind = (parse_qs(path.query).get("format") or [CANONICAL])[0]
        kind = CANONICAL if kind == "canonical" else kind
        content = self.headers.get("Content-Type", "").lower()
        lines = "ndjson" in content or "jsonl" in content or "json-lines" in content
        try:
            kept, alone = self.counter.take(body, kind, lines=lines)
        except Refusal:
            self.counter.desk.ledger.do(partial(entries.add_refused, count=1))
            raise
        shown = [one._asdict() for one in kept]
        return HTTPStatus.ACCEPTED, shown[0] if alone else {"scans": shown}

    def _get(self) -> tuple[int, Any]:
        path = urlsplit(self.path).path
        if path == "/health":
            return HTTPStatus.OK, {"status": "ok"}
        if path == "/status":
            return HTTPStatus.OK, self.counter.status()
        raise self._refused(HTTPStatus.NOT_FOUND, "no_such_path", path=path[:60])

    def _admit(self) -> None:
        """Refuse who may not send: pages of a browser, and those without the token."""
        host = self.headers.get("Host", "")
        if self.counter.token is None and not names_us(host, self.bound):
            raise self._refused(HTTPStatus.MISDIRECTED_REQUEST, "wrong_host", host=host[:60])
        if self.headers.get("Origin") is not None:
            raise self._refused(HTTPStatus.FORBIDDEN, "browser")
        token = self.counter.token
        if token is not None and self.path != "/health":
            given = self.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
                raise self._refused(HTTPStatus.UNAUTHORIZED, "token")

    def _body(self) -> bytes:
        length = self._length()
        if length is None or "Transfer-Encoding" in self.headers:
            raise self._refused(HTTPStatus.LENGTH_REQUIRED, "no_length")
        if length > MOST_BYTES:
            most = f"{MOST_BYTES:,}"
            raise self._refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", most=most)
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionError("the sender went away")
        return body

    def _length(self) -> int | None:
        """Return the length of the body, None if none is said."""
        said = self.headers.get("Content-Length", "")
        return int(said) if re.fullmatch("[0-9]{1,15}", said) else None

    def _refused(self, status: HTTPStatus, code: str, **values: object) -> Refusal:
        """Return a refusal after which the connection is closed; its body is thrown away.

        A sender that is still sending when the connection is closed would not see the answer.
        """
        self.close_connection = True
        left = min(self._length() or 0, MOST_DISCARDED)
        while left > 0 and (data := self.rfile.read(min(left, 65_536))):
            left -= len(data)
        return Refusal(status, code, "", self.counter.desk.say(f"edge.{code}", **values))

    def _lang(self) -> str:
        """Return the language that the sender asks for, else the edge's own."""
        asked = self.headers.get("Accept-Language", "").lower()
        if not asked.strip(" *"):
            return self.counter.desk.lang
        return "zh-CN" if asked.lstrip().startswith("zh") else "en"

    def _send(self, status: int, found: Any) -> None:
        body = json.dumps(found, ensure_ascii=False).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing of single requests."""
