"""`waterline endpoint …`, `waterline deliveries`, `waterline run relay`, as a person types them."""

from __future__ import annotations

import json
import os
import stat

import pytest

from flows import relay
from flows.stopping import Stop
from tests.dataflow.running import change, command, rows, wait_for
from tests.e2e.supervised import supervised
from tests.receiving import SECRET, receiving, register, tell

pytestmark = pytest.mark.stack


@pytest.fixture
def receiver():
    """Give a receiver by HTTP."""
    with receiving() as one:
        yield one


def waterline(settings, *words):
    """Run a command that succeeds; return what it says."""
    done = command(settings, *words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def refused(settings, *words):
    """Run a command that fails; return its code and its one sentence."""
    done = command(settings, *words)
    assert done.stdout == ""
    assert done.stderr.startswith("waterline: ")
    assert done.stderr.count("\n") == 1
    return done.returncode, done.stderr


def test_an_endpoint_from_its_registration_to_its_end(settings, receiver, tmp_path):
    """Added, tested, listed, served, removed; its secret is shown nowhere."""
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    added = waterline(settings, "endpoint", "add", "erp", "--url", receiver.url, "--for",
                      "below_safety,replenishment", "--secret-file", str(file),
                      "--allow-private")  # fmt: skip
    assert added.splitlines()[0] == f"erp receives below_safety, replenishment at {receiver.url}"
    assert "erp has it: HTTP 204 after" in waterline(settings, "endpoint", "test", "erp")
    assert receiver.requests[0].body["schema"] == "inventory.test/1"
    tell(settings, 3)
    assert "ended" in waterline(settings, "run", "relay", "--drain")
    assert len(receiver.ids) == 4
    listed = waterline(settings, "endpoint", "list")
    assert [word in listed for word in ("erp", "below_safety", receiver.url, "ok")] == [True] * 4
    assert SECRET not in added + listed + waterline(settings, "endpoint", "list", "--json")
    tell(settings, 2, first=3)
    change(settings, "UPDATE endpoints SET open_until = now() + interval '1 hour', failures = 7")
    waterline(settings, "run", "relay", "--drain")
    assert "left alone for now" in waterline(settings, "endpoint", "list")
    removed = waterline(settings, "endpoint", "remove", "erp")
    assert removed == "erp is removed; 2 messages that waited for it are given up\n"
    assert rows(settings, "SELECT * FROM endpoint_secrets") == []
    assert refused(settings, "endpoint", "remove", "erp")[0] == 1


def test_a_secret_that_is_missing_is_made_for_its_owner_alone(settings, tmp_path):
    """32 random bytes, mode 0600; the next registration reads the same one."""
    file = tmp_path / "new" / "secret"
    words = ("endpoint", "add", "erp", "--url", "https://erp.example.com/", "--for", "all",
             "--secret-file", str(file))  # fmt: skip
    assert f"is new and in {file}" in waterline(settings, *words)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert f"was read from {file}" in waterline(settings, *words)
    stored = rows(
        settings, "SELECT secret, names FROM endpoint_secrets JOIN endpoints USING (name)"
    )
    assert stored == [(file.read_text().strip(), ["*"])]
    waterline(settings, *words[:-2])
    assert (settings.home / "secrets" / "endpoint-erp").is_file()


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ("add erp --url https://e.example.com --for below_safty", 2, "'below_safty' is neither"),
        ("add kafka --url https://e.example.com --for all", 2, "is no name of an endpoint"),
        ("add ERP --url https://e.example.com --for all", 2, "is no name of an endpoint"),
        ("add erp --url http://e.example.com --for all", 1, "is not https"),
        ("add erp --url https://u:p@e.example.com --for all", 1, "a user or a password"),
        ("add erp --url https://e.example.com --for all --secret-file /etc/hostname", 1,
         "holds no secret of Standard Webhooks"),
        ("add erp --url https://e.example.com", 2, "--for"),
        ("test nobody", 1, "there is no endpoint 'nobody'"),
    ],
)  # fmt: skip
def test_what_cannot_be_registered_is_refused_in_one_sentence(settings, words, code, sentence):
    """The sentence names what is wrong; nothing is stored."""
    found, told = refused(settings, "endpoint", *words.split())
    assert (found, sentence in told) == (code, True), told
    assert rows(settings, "SELECT * FROM endpoints") == []


def test_a_test_that_fails_says_what_came_back(settings, receiver):
    """The receiver's own words; nothing is counted against it."""
    register(settings, "erp", receiver.url)
    receiver.answer = (418, {}, b"I am a teapot")
    code, told = refused(settings, "endpoint", "test", "erp")
    assert (code, "HTTP 418 I am a teapot" in told) == (1, True)
    assert rows(settings, "SELECT failures FROM endpoints") == [(0,)]
    assert rows(settings, "SELECT * FROM deliveries") == []


def test_deliveries_are_proven_in_one_table(settings, receiver):
    """Totals per receiver, and what has not arrived with the reason."""
    assert waterline(settings, "deliveries") == "there was nothing to send yet\n"
    register(settings, "erp", receiver.url)
    tell(settings, 2)
    receiver.answer = (500, {}, b"no room")
    relay.run(settings, Stop(), drain=True)
    shown = waterline(settings, "deliveries")
    assert "100.00 %" in shown
    assert "0.00 %" in shown
    missing = waterline(settings, "deliveries", "--undelivered")
    assert missing.count("HTTP 500 no room") == 2
    found = json.loads(waterline(settings, "deliveries", "--undelivered", "--json"))
    assert {one["receiver"] for one in found} == {"erp"}
    receiver.answer = 204
    change(settings, "UPDATE dispatches SET next_attempt_at = now()")
    relay.run(settings, Stop(), drain=True)
    proof = json.loads(waterline(settings, "deliveries", "--json"))
    assert [(one["receiver"], one["share"]) for one in proof] == [("kafka", 1), ("erp", 1)]
    assert "has arrived everywhere" in waterline(settings, "deliveries", "--undelivered")


def test_a_supervised_relay_says_one_line_about_a_receiver_that_fails(settings, receiver):
    """No traceback, no request line, no secret; the supervisor ends it in order."""
    register(settings, "erp", receiver.url)
    receiver.answer = (500, {}, b"no\nroom")
    with supervised(settings, "relay") as run:
        tell(settings, 8)
        wait_for(lambda: len(receiver.ids) >= 8)
        wait_for(lambda: "endpoint erp: HTTP 500 no room; retrying" in run.log.read_text())
        pid = run.pids()["relay"]
        said = run.log.read_text()
    assert "Traceback" not in said
    assert "POST" not in said
    assert SECRET not in said
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
