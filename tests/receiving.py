"""A receiver of messages by HTTP, and messages in the outbox for the relay.

Enters: what a receiver answers to each request, in turn. Leaves: what it was sent. Every signature
is checked as a receiver would, with the same secret; a wrong one is a failure of the test.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

import psycopg
from msgspec import json
from psycopg.types.json import Jsonb
from standardwebhooks.webhooks import Webhook

from connectors import endpoints
from connectors.endpoints import Target
from connectors.webhook import new_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

SECRET = new_secret()


class Request(NamedTuple):
    """What came: the id in the header, and the body."""

    message_id: str
    body: dict[str, Any]
    headers: dict[str, str]


class Connections(ThreadingHTTPServer):
    """Takes several connections at once: five that wait are few, and the sixth is a second late."""

    daemon_threads = True
    request_queue_size = 128


class Receiver:
    """Answers 204 unless `answer` says otherwise: a status, (status, headers, body) or a function.

    A function is given the connection's handler and answers by itself, or not at all.
    """

    def __init__(self) -> None:
        """Take a port; answer nothing yet."""
        self.answer: Any = 204
        self.requests: list[Request] = []
        self.forged: list[Request] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = Connections(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self._thread.start()

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        """Read a request, check it, answer it."""
        raw = handler.rfile.read(int(handler.headers["content-length"]))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        request = Request(headers["webhook-id"], json.decode(raw), headers)
        try:
            Webhook(SECRET).verify(raw, headers)
        except Exception:  # noqa: BLE001 - whatever is wrong with it
            self.forged.append(request)
        self.requests.append(request)
        if callable(self.answer):
            self.answer(handler)
            return
        given = self.answer if isinstance(self.answer, tuple) else (self.answer, {}, b"")
        reply(handler, *given)

    @property
    def ids(self) -> list[str]:
        """The ids that came, in order, with repeats."""
        return [one.message_id for one in self.requests]

    def close(self) -> None:
        """Take no more."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


def reply(handler, status, headers, body) -> None:
    """Send an answer; who asked may have gone."""
    try:
        handler.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
    except OSError:
        handler.close_connection = True


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Give a receiver; every message that it got was signed rightly."""
    receiver = Receiver()
    try:
        yield receiver
        assert receiver.forged == []
    finally:
        receiver.close()


def register(settings, name, url, *names, allow_private=True) -> None:
    """Register an endpoint for these rules and kinds of actions, or for all."""
    with psycopg.connect(settings.dsn) as connection:
        endpoints.put(connection, name, Target(url, SECRET, allow_private), names or ("*",))


def tell(settings, count=1, *, first=0, house="A", name="below_safety", **more) -> list[str]:
    """Put alert messages into the outbox as the stock flow does; return their ids."""
    transition = more.get("transition", "opened")
    ids = [f"{name}-{house}-{first + n}-{transition}" for n in range(count)]
    with psycopg.connect(settings.dsn) as connection:
        for n, message_id in enumerate(ids, first):
            alert = f"{name}-{house}-{n}"
            connection.execute(
                "INSERT INTO inventory.alert_times (alert_id, rule, warehouse, severity,"
                " occurred_at) VALUES (%s, %s, %s, 'warning', now()) ON CONFLICT DO NOTHING",
                (alert, name, house),
            )
            body = {"schema": "inventory.alert/1", "id": message_id, "rule": name,
                    "transition": transition, "text_zh": "低于安全库存",
                    "alerts": [{"alert_id": alert}]}  # fmt: skip
            insert(connection, body, "inventory.alerts", house, [alert])
        connection.execute("NOTIFY waterline_outbox")
    return ids


def propose(settings, *actions, state="approved", house="A", kind="replenishment") -> str:
    """Put an action message into the outbox; return its id."""
    message_id = f"{actions[0]}-{state}"
    body = {"schema": "inventory.action/1", "id": message_id, "kind": kind, "state": state,
            "actions": [{"action_id": one, "warehouse": house} for one in actions]}  # fmt: skip
    with psycopg.connect(settings.dsn) as connection:
        insert(connection, body, "inventory.actions", house, list(actions))
        connection.execute("NOTIFY waterline_outbox")
    return message_id


def insert(connection, body, topic, house, about) -> None:
    """Insert one row of the outbox."""
    name = body.get("rule") or body["kind"]
    connection.execute(
        "INSERT INTO inventory.outbox (message_id, topic, warehouse, name, severity, occurred_at,"
        " about, body) VALUES (%s, %s, %s, %s, 'warning', now(), %s, %s)",
        (body["id"], topic, house, name, about, Jsonb(body)),
    )


def once(*first: Any, then: Any = 204) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return an answer that is each of `first` in turn, and `then` ever after."""
    left = list(first)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        given = left.pop(0) if left else then
        if callable(given):
            given(handler)
        else:
            reply(handler, *(given if isinstance(given, tuple) else (given, {}, b"")))

    return answer


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without an answer: the request was read."""
    handler.close_connection = True
    handler.connection.close()
