"""Messages by HTTP: signed, to the address that was checked, and never more than one POST."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import ssl
import time
from ipaddress import ip_address
from pathlib import Path

import pytest

from connectors.addresses import public
from connectors.endpoints import Target
from connectors.webhook import Poster, Refused, check_url, is_secret, new_secret
from tests.receiving import SECRET, cut, receiving, reply

TLS = Path(__file__).with_name("tls")
BODY = '{"id": "m1", "text_zh": "低于安全库存"}'


@pytest.fixture
def receiver():
    """Give a receiver."""
    with receiving() as one:
        yield one


def named(*addresses):
    """Return a resolver by which every name has these addresses."""

    async def look_up(host, port):
        del host, port
        return list(addresses)

    return look_up


def post(url, *, allow_private=True, resolve=None, timeout=2.0, secret=SECRET, stopping=None):
    """Post one message; return the answer."""
    poster = Poster(timeout, resolve) if resolve else Poster(timeout)
    target = Target(url, secret, allow_private)
    return poster.post_all(target, [("m1", BODY)], stopping or (lambda: False))[0]


def test_a_message_is_signed_as_standard_webhooks_says(receiver):
    """The HMAC over id, time and the very bytes of the body, worked out here by hand."""
    answer = post(receiver.url)
    assert (answer.outcome, answer.status, answer.error) == ("delivered", 204, None)
    headers = receiver.requests[0].headers
    signed = f"m1.{headers['webhook-timestamp']}.{BODY}".encode()
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    digest = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 5
    assert headers["content-type"] == "application/json"
    assert headers["host"] == receiver.url.split("/")[2]


@pytest.mark.parametrize(
    ("given", "outcome", "words"),
    [
        (200, "delivered", None),
        ((202, {}, b"later"), "delivered", None),
        ((500, {}, "数据库 down".encode()), "failed", "HTTP 500 数据库 down"),
        ((400, {}, b"a\nb\x00\x1b[31m\xff"), "failed", "HTTP 400 a b[31m\ufffd"),
        (410, "gone", "HTTP 410"),
        ((302, {"location": "http://127.0.0.1:9/"}, b""), "failed",
         "HTTP 302 to http://127.0.0.1:9/: redirects are not followed"),
        (cut, "failed", None),
    ],
)  # fmt: skip
def test_only_a_2xx_is_delivered(receiver, given, outcome, words):
    """Whatever else comes is a failure in the receiver's own words, after exactly one request."""
    receiver.answer = given
    answer = post(receiver.url)
    assert answer.outcome == outcome
    assert words is None or answer.error == words
    assert (answer.error is None) == (outcome == "delivered")
    assert receiver.ids == ["m1"]


@pytest.mark.parametrize(
    ("status", "header", "low", "high"),
    [
        (429, "7", 7, 7),
        (503, "100000000", 86_400, 86_400),
        (503, "Fri, 31 Dec 2199 23:59:59 GMT", 86_400, 86_400),
        (503, "Fri, 31 Dec 1999 23:59:59 GMT", 0, 0),
        (429, "soon", None, None),
        (500, "7", None, None),
    ],
)
def test_retry_after_is_understood(receiver, status, header, low, high):
    """As seconds or as a date, a day at most; words mean nothing."""
    receiver.answer = (status, {"retry-after": header}, b"")
    found = post(receiver.url).retry_after
    assert (found == low == high) if low is None else low <= found <= high


def test_a_slow_receiver_is_left_after_the_timeout(receiver):
    """Also one that sends a byte now and then: the time is for all of it."""

    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for n in range(40):
            try:
                handler.wfile.write(f"x-{n}: y\r\n".encode())
                time.sleep(0.1)
            except OSError:
                return

    receiver.answer = drip
    began = time.monotonic()
    answer = post(receiver.url, timeout=0.5)
    assert (answer.outcome, answer.error) == ("failed", "no answer within 0.5 s")
    assert time.monotonic() - began < 1.5


def test_an_answer_without_end_is_read_to_its_beginning(receiver):
    """A gigabyte of words about an error costs nothing."""

    def flood(handler):
        handler.send_response(500)
        handler.end_headers()
        try:
            for _ in range(1000):
                handler.wfile.write(b"x" * 1_000_000)
        except OSError:
            handler.close_connection = True

    receiver.answer = flood
    answer = post(receiver.url, timeout=5)
    assert answer.error == ("HTTP 500 " + "x" * 300)[:300]
    assert answer.duration < 2


def test_a_stopped_process_does_not_wait_for_an_answer(receiver):
    """The try is a failure, and the message will be sent again."""
    receiver.answer = lambda _: time.sleep(3)
    answer = post(receiver.url, timeout=30, stopping=lambda: True)
    assert answer.error == "the relay was stopped before an answer came"
    assert answer.duration < 2.5


def test_a_name_that_lies_reaches_nothing_private(receiver):
    """A public name that resolves to this machine is refused before anything is sent."""
    url = receiver.url.replace("http://127.0.0.1", "https://erp.example.com")
    for addresses in (("127.0.0.1",), ("93.184.216.34", "127.0.0.1"), ("::1",), ("fe80::1%1",)):
        answer = post(url, allow_private=False, resolve=named(*addresses))
        assert answer.outcome == "failed"
        assert answer.error.endswith("and private addresses are not allowed")
    assert receiver.ids == []


def test_the_address_that_was_checked_is_connected_to(receiver):
    """The name is looked up once a try, by us alone: a later answer is never seen."""
    asked = []

    async def rebinding(host, port):
        del port
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.9"]

    answer = post(receiver.url.replace("127.0.0.1", "erp.invalid"), resolve=rebinding)
    assert (answer.outcome, asked) == ("delivered", ["erp.invalid"])
    assert receiver.requests[0].headers["host"].startswith("erp.invalid:")


def test_the_next_address_is_tried_when_nobody_listens(receiver):
    """A name with several addresses is reached while one of them answers."""
    answer = post(receiver.url, resolve=named("127.0.0.2", "127.0.0.1"))
    assert answer.outcome == "delivered"
    assert receiver.ids == ["m1"]


def test_names_that_do_not_resolve_and_ports_where_nobody_listens_are_failures():
    """One line each, with the cause."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert f"('127.0.0.1', {port})" in post(f"http://127.0.0.1:{port}/").error
    assert post("http://nowhere.invalid/").outcome == "failed"
    assert post("http://erp.test/", resolve=named()).error == "erp.test has no address"


def secure(receiver):
    """Have a receiver speak TLS, as erp.test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "erp.test.pem")
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    return f"https://{{}}:{receiver.server.server_port}/hook"


def test_tls_verifies_the_name_and_not_the_address(receiver, monkeypatch):
    """The certificate must be for the name in the URL, signed by somebody who is trusted."""
    url, here = secure(receiver), named("127.0.0.1")
    assert "CERTIFICATE_VERIFY_FAILED" in post(url.format("erp.test"), resolve=here).error
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "ca.pem"))
    assert post(url.format("erp.test"), resolve=here).outcome == "delivered"
    assert "erp.evil" in post(url.format("erp.evil"), resolve=here).error
    assert "127.0.0.1" in post(url.format("127.0.0.1"), resolve=here).error
    assert receiver.ids == ["m1"]


def test_proxies_of_the_environment_are_not_used(receiver, monkeypatch):
    """What is behind a proxy cannot be checked."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert post(receiver.url).outcome == "delivered"


def test_messages_of_a_batch_are_answered_each_by_itself(receiver):
    """A slow one delays no other, and answers come in the order of the messages."""

    def answer(handler):
        number = int(handler.headers["webhook-id"][1:])
        time.sleep(0.5 if number == 0 else 0)
        reply(handler, 500 if number == 2 else 204, {}, b"")

    receiver.answer = answer
    messages = [(f"m{n}", BODY) for n in range(4)]
    answers = Poster(2.0).post_all(Target(receiver.url, SECRET, True), messages)  # noqa: FBT003
    assert [one.outcome for one in answers] == ["delivered", "delivered", "failed", "delivered"]
    assert answers[0].after > 0.5 > answers[1].after


@pytest.mark.parametrize(
    ("url", "allow_private", "words"),
    [
        ("ftp://erp.example.com/", True, "is not a URL"),
        ("erp.example.com", True, "is not a URL"),
        ("https://", True, "is not a URL"),
        ("http://erp.example.com/", False, "is not https"),
        ("https://me:pass@erp.example.com/", True, "holds a user or a password"),
    ],
)
def test_urls_that_cannot_be_used_are_refused_in_words(url, allow_private, words):
    """The sentence says what is wrong, and shows no password."""
    with pytest.raises(Refused, match=words) as told:
        check_url(url, allow_private=allow_private)
    assert "pass@" not in str(told.value)
    assert post(url, allow_private=allow_private).outcome == "failed"


@pytest.mark.parametrize("secret", [None, "", "whsec_", "whsec_c2hvcnQ=", "hunter2", "whsec_é"])
def test_without_a_good_secret_nothing_is_sent(receiver, secret):
    """Unsigned messages, or ones signed with a guessable key, do not leave."""
    assert not is_secret(secret or "")
    assert "secret" in post(receiver.url, secret=secret).error
    assert receiver.ids == []


def test_fresh_secrets_are_good_and_differ():
    """32 random bytes."""
    assert is_secret(new_secret())
    assert new_secret() != new_secret()


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True),
        ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.1", False),
        ("224.0.0.1", False), ("240.0.0.1", False), ("255.255.255.255", False),
        ("::1", False), ("::", False), ("fe80::1", False), ("fc00::1", False), ("ff02::1", False),
        ("fec0::1", False), ("::ffff:127.0.0.1", False), ("::ffff:93.184.216.34", False),
        ("2002:7f00:1::", False), ("64:ff9b::7f00:1", False), ("2001:0:4136::1", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address, found):
    """Nothing that is this machine, its network, or hides another address inside."""
    assert public(ip_address(address)) is found
