"""Signed messages to HTTP receivers, by Standard Webhooks: one POST a message, one answer.

Enters: a Target and messages (id, body). Leaves: an Answer for each; nothing is raised. Delivered
is a 2xx and nothing else: whatever else happens, the same message is to be sent again under the
same id, at least once. The name is looked up once a try, every address of it is checked, and one
that was checked is connected to, so that a name that changes its mind in between gains nothing;
TLS verifies the name. No redirects, proxies or cookies are followed, a connection serves one
request, and at most MOST bytes of an answer are read. The unit of parallelism is the message.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from time import monotonic, time
from typing import TYPE_CHECKING

import httpx
from msgspec import Struct
from standardwebhooks.webhooks import Webhook

from connectors.addresses import public
from connectors.trouble import Trouble, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.endpoints import Target

MOST = 1000
"""Bytes of an answer that are read, for the words in it."""
TOLD = 300
"""Letters of an error that are kept."""
LONGEST_HOLD = 86_400.0
"""Seconds that a Retry-After may ask for."""
CONNECT_S = 5.0
ADDRESSES = 4
"""Addresses of a name that are tried, one after the other."""
GRACE = 1.0
"""Seconds that tries under way still have when the process is to end."""
PREFIX = "whsec_"
_GONE = 410
_BUSY = {429, 503}
_REDIRECTS = range(300, 400)
_KEY_BYTES = range(24, 65)
Resolve = Callable[[str, int], Awaitable["list[str]"]]

# It would write every request, with its address, at the level of what people read.
logging.getLogger("httpx").setLevel(logging.WARNING)


class Answer(Struct, frozen=True):
    """How a try went: delivered, failed or gone; `after` seconds from the beginning of all."""

    outcome: str
    after: float
    duration: float
    status: int | None = None
    error: str | None = None
    retry_after: float | None = None


class Refused(Trouble):
    """An address to which nothing is sent."""


def new_secret() -> str:
    """Return a fresh secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def is_secret(text: str) -> bool:
    """Return whether the text is a secret of Standard Webhooks: whsec_ and 24 to 64 bytes."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except ValueError:
        return False
    return text.startswith(PREFIX) and len(key) in _KEY_BYTES


def check_url(text: str, *, allow_private: bool) -> httpx.URL:
    """Return the URL, or raise Refused with what is wrong with it."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, TypeError) as error:
        raise Refused(f"{text!r} is not a URL: {error}") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise Refused(f"{text!r} is not a URL such as https://erp.example.com/waterline")
    if url.userinfo:
        raise Refused("the URL holds a user or a password: messages are signed instead")
    if url.scheme != "https" and not allow_private:
        raise Refused(f"{text!r} is not https, and private addresses are not allowed")
    return url


async def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a name, the preferred first."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class Poster:
    """Posts messages; make one a process, reading the certificates takes a moment."""

    def __init__(self, timeout: float = 10.0, resolve: Resolve = look_up) -> None:
        """Allow each try `timeout` seconds in all."""
        self._timeout, self._resolve = timeout, resolve
        self._tls = httpx.create_ssl_context()

    def post_all(
        self,
        target: Target,
        messages: Sequence[tuple[str, str]],
        stopping: Callable[[], bool] = lambda: False,
    ) -> list[Answer]:
        """Post messages (id, body) at the same time; return their answers in the same order."""
        return asyncio.run(self._post_all(target, messages, stopping))

    async def _post_all(
        self, target: Target, messages: Sequence[tuple[str, str]], stopping: Callable[[], bool]
    ) -> list[Answer]:
        began = monotonic()
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        async with httpx.AsyncClient(
            verify=self._tls, trust_env=False, limits=limits, timeout=self._timeout
        ) as client:
            tasks = [
                asyncio.create_task(self._post(client, target, message_id, body, began))
                for message_id, body in messages
            ]
            await _end_of(tasks, stopping)
            return [task.result() for task in tasks]

    async def _post(
        self, client: httpx.AsyncClient, target: Target, message_id: str, body: str, began: float
    ) -> Answer:
        since = monotonic()
        status = retry_after = None
        try:
            async with asyncio.timeout(self._timeout):
                status, retry_after, error = await self._sent(client, target, message_id, body)
        except TimeoutError:
            error = f"no answer within {self._timeout:g} s"
        except asyncio.CancelledError:
            error = "the relay was stopped before an answer came"
        except (httpx.HTTPError, OSError, Trouble, ValueError) as failure:
            error = _cause(failure)
        now = monotonic()
        outcome = "delivered" if error is None else "gone" if status == _GONE else "failed"
        told = None if error is None else _printable(error)
        return Answer(outcome, now - began, now - since, status, told, retry_after)

    async def _sent(
        self, client: httpx.AsyncClient, target: Target, message_id: str, body: str
    ) -> tuple[int, float | None, str | None]:
        """Return status, Retry-After and error of an answer; raise where there is none."""
        url = check_url(target.url, allow_private=target.allow_private)
        host = url.raw_host.decode().strip("[]")
        addresses = await self._addresses(host, url, allow_private=target.allow_private)
        headers = _headers(target.secret, message_id, body)
        headers["host"] = url.netloc.decode()
        for left in reversed(range(len(addresses))):
            request = client.build_request(
                "POST",
                url.copy_with(host=addresses[-1 - left]),
                content=body.encode(),
                headers=headers,
                timeout=httpx.Timeout(self._timeout, connect=min(CONNECT_S, self._timeout)),
                extensions={"sni_hostname": host},
            )
            try:
                response = await client.send(request, stream=True, follow_redirects=False)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if left:
                    continue  # nothing was sent yet
                raise
            try:
                return response.status_code, _retry_after(response), await _error(response)
            finally:
                await response.aclose()
        raise Refused(f"{host} has no address")

    async def _addresses(self, host: str, url: httpx.URL, *, allow_private: bool) -> list[str]:
        found = await self._resolve(host, url.port or (443 if url.scheme == "https" else 80))
        closed = [one for one in found if not public(ip_address(one))]
        if closed and not allow_private:
            raise Refused(f"{host} is {closed[0]}, and private addresses are not allowed")
        return found[:ADDRESSES]


def _headers(secret: str | None, message_id: str, body: str) -> dict[str, str]:
    if secret is None or not is_secret(secret):
        raise Refused("the endpoint has no secret: register it again")
    at = datetime.fromtimestamp(int(time()), UTC)
    return {
        "content-type": "application/json",
        "accept-encoding": "identity",
        "user-agent": "waterline",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body),
    }


async def _end_of(tasks: Sequence[asyncio.Task[Answer]], stopping: Callable[[], bool]) -> None:
    """Wait for the tasks; when the process is to end, for a moment only."""
    ending: float | None = None
    waiting = set(tasks)
    while waiting:
        _, waiting = await asyncio.wait(waiting, timeout=0.2)
        if ending is None and stopping():
            ending = monotonic() + GRACE
        if ending is not None and monotonic() >= ending:
            for task in waiting:
                task.cancel()


async def _error(response: httpx.Response) -> str | None:
    """Return what is wrong with an answer, in the receiver's own words as far as they are short."""
    if response.is_success:
        return None
    if response.status_code in _REDIRECTS:
        where = response.headers.get("location", "nowhere")
        return f"HTTP {response.status_code} to {where}: redirects are not followed"
    said = b""
    async for part in response.aiter_raw(MOST):
        said += part
        if len(said) >= MOST:
            break
    words = one_line(said[:MOST].decode("utf-8", "replace"))
    return f"HTTP {response.status_code} {words}".strip()


def _retry_after(response: httpx.Response) -> float | None:
    """Return for how many seconds the receiver asks to be left alone."""
    text = response.headers.get("retry-after", "").strip()
    if response.status_code not in _BUSY or not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_HOLD)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_HOLD)


def _printable(words: str) -> str:
    """Return the words on one line, short, with nothing in them that a terminal would obey."""
    return "".join(one for one in one_line(words)[:TOLD] if one.isprintable())


def _cause(error: BaseException) -> str:
    """Return the words of the error below all others: the client's own say less."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return str(error) or type(error).__name__
