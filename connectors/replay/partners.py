"""Systems of others that hear from Waterline: an ERP, a shop platform, a carrier. Simulated.

Enters: Standard Webhooks on a port of the loopback, each partner's with its own secret, read from a
file. Leaves: 204 for what is signed rightly, and what the partner does about it; a line of JSON for
each message in a file. What comes again under the same id is answered and done once. A wrong
signature is 401; without a secret yet, 503. Unit of parallelism: the request.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import msgspec
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from connectors.replay.inbox import Purchase

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connectors.replay.inbox import Inbox

PARTNERS = {"erp": ("replenishment",), "shop": ("clearance",), "carrier": ("expedite",)}
"""Who wants what."""
MOST_BYTES = 4_000_000


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Partners:
    """The three servers; `urls` says where they listen."""

    def __init__(self, inbox: Inbox, secrets: Path, log: Path) -> None:
        """Take the ports; secrets are in `secrets`/endpoint-<name>."""
        self._inbox, self._secrets, self._log = inbox, secrets, log
        self._lock = threading.Lock()
        self._heard: set[tuple[str, str]] = set()
        acts = {"erp": self._buy, "shop": _mark, "carrier": _hurry}
        self._servers = {name: self._listen(name, acts[name]) for name in PARTNERS}

    @property
    def urls(self) -> dict[str, str]:
        """Return where each listens."""
        ports = {name: server.server_port for name, server in self._servers.items()}
        return {name: f"http://127.0.0.1:{port}/waterline" for name, port in ports.items()}

    def start(self) -> None:
        """Begin to answer."""
        for name, server in self._servers.items():
            threading.Thread(target=server.serve_forever, name=name, daemon=True).start()

    def close(self) -> None:
        """Let go of the ports."""
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def _listen(self, name: str, act: Callable[[dict[str, Any]], str]) -> _Server:
        partners = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10.0

            def do_POST(self) -> None:
                length = min(int(self.headers.get("content-length", "0")), MOST_BYTES)
                raw = self.rfile.read(length)
                headers = {key.lower(): value for key, value in self.headers.items()}
                self.send_response(partners.take(name, act, raw, headers))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing: the file has what came."""

        return _Server(("127.0.0.1", 0), Handler)

    def take(
        self,
        name: str,
        act: Callable[[dict[str, Any]], str],
        raw: bytes,
        headers: dict[str, str],
    ) -> HTTPStatus:
        """Check a message, act on it once, and return the status of the answer."""
        try:
            secret = (self._secrets / f"endpoint-{name}").read_text(encoding="ascii").strip()
        except OSError:
            return HTTPStatus.SERVICE_UNAVAILABLE
        try:
            Webhook(secret).verify(raw, headers)
        except WebhookVerificationError:
            return HTTPStatus.UNAUTHORIZED
        message, key = msgspec.json.decode(raw), (name, headers["webhook-id"])
        with self._lock:
            again = key in self._heard
            self._heard.add(key)
            did = "again" if again else act(message)
            self._note(name, key[1], message, did)
        return HTTPStatus.NO_CONTENT

    def _note(self, name: str, message_id: str, message: dict[str, Any], did: str) -> None:
        line = {
            "at": datetime.now(UTC), "partner": name, "id": message_id, "did": did,
            "schema": message.get("schema"), "state": message.get("state"),
            "text": message.get("text_en"),
        }  # fmt: skip
        with self._log.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")

    def _buy(self, message: dict[str, Any]) -> str:
        """Order what was approved, under the id of the action."""
        if message.get("state") != "approved":
            return "nothing"
        asked = 0
        for one in message["actions"]:
            quantity = int(Decimal(str(one["quantity"])) * 1000)
            document = one["action_id"]
            asked += self._inbox.ask(Purchase(one["warehouse"], one["sku"], quantity, document))
        return f"ordered {asked}"


def _mark(message: dict[str, Any]) -> str:
    """Mark a lot for clearance in the shop, or take the mark off."""
    return {"approved": "marked", "done": "unmarked"}.get(message.get("state", ""), "nothing")


def _hurry(message: dict[str, Any]) -> str:
    """Ask the driver."""
    return "asked the driver" if message.get("state") == "approved" else "nothing"
