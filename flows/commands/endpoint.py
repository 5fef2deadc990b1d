"""`waterline endpoint add / list / remove / test`: systems that receive messages by HTTP.

Enters: a name, a URL, rules and kinds of actions. Leaves: rows of `endpoints` and its secret in a
file that only its owner can read; a secret is never shown. `test` posts one message now and says
what came back. May fail with one sentence: names that do not exist, a URL or secret that cannot be
used, an endpoint that is not there.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from msgspec import json

from connectors import endpoints
from connectors.endpoints import ALL, Target
from connectors.session import Session
from connectors.trouble import Trouble
from connectors.webhook import Poster, check_url, is_secret, new_secret
from flows.commands import look, shown
from flows.domain.rules import ACTION_ROLES, RULES
from flows.words import Words, words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from flows.commands.parser import Subparsers
    from flows.settings import Settings

EXAMPLE = """examples:
  waterline endpoint add erp --url https://erp.example.com/waterline --for replenishment,expedite
  waterline endpoint add shop --url http://10.0.0.7:8080/hook --for all --allow-private
  waterline endpoint test erp
"""
PATIENCE = 10.0
_HEADS = (
    ("endpoint.name", "!"),
    ("endpoint.for", "<"),
    ("endpoint.url", "<"),
    ("endpoint.state", "<"),
    ("endpoint.waiting", ">"),
)
_STATES = {
    "ok": "endpoint.state_ok",
    "resting": "endpoint.state_resting",
    "probing": "endpoint.state_probing",
    "gone": "endpoint.state_gone",
}
_NAME = re.compile(r"(?!kafka$)[a-z0-9][a-z0-9_-]{0,49}")


def register(subparsers: Subparsers) -> None:
    """Add the family."""
    parser = subparsers.add_parser("endpoint", epilog=EXAMPLE)
    family = parser.add_subparsers(dest="what", metavar="WHAT", required=True)

    def command(what: str, example: str, run: Callable[..., int]) -> argparse.ArgumentParser:
        says = parser.say(f"command.endpoint {what}")
        made: argparse.ArgumentParser = family.add_parser(
            what, help=says, epilog=f"example:\n  waterline endpoint {what} {example}"
        )
        made.set_defaults(run=run)
        if what != "list":
            made.add_argument("name", metavar="NAME")
        return made

    add = command("add", "erp --url https://erp.example.com/hook --for replenishment", run_add)
    add.add_argument("--url", required=True, metavar="URL")
    add.add_argument("--for", dest="names", required=True, metavar="NAME,…")
    add.add_argument("--secret-file", metavar="FILE", type=Path)
    add.add_argument("--allow-private", action="store_true")
    command("list", "--json", run_list).add_argument("--json", action="store_true")
    command("remove", "erp", run_remove)
    command("test", "erp", run_test)


def run_add(args: argparse.Namespace, settings: Settings) -> int:
    """Register an endpoint, or change what is registered of it."""
    say = words(settings.lang)
    if not _NAME.fullmatch(args.name):
        raise Trouble(say("endpoint.bad_name", name=args.name), exit_code=2)
    names = _names(args.names, say)
    check_url(args.url, allow_private=args.allow_private)
    file = args.secret_file or settings.home / "secrets" / f"endpoint-{args.name}"
    with _session(settings) as session:
        secret, fresh = _secret(file, say)
        target = Target(args.url, secret, args.allow_private)
        session.run(lambda connection: endpoints.put(connection, args.name, target, names))
    shown.say_line(say("endpoint.added", name=args.name, names=", ".join(names), url=args.url))
    shown.say_line(say("endpoint.secret_new" if fresh else "endpoint.secret_read", file=file))
    return 0


def run_list(args: argparse.Namespace, settings: Settings) -> int:
    """Show the endpoints."""
    say = words(settings.lang)
    with look.queries(settings) as database:
        rows = database.rows("endpoints")
    if args.json:
        shown.as_json(rows)
        return 0
    if not rows:
        shown.say_line(say("endpoint.none_yet"))
        return 0
    table = shown.table([(say(name), how) for name, how in _HEADS])
    for row in rows:
        state = say(_STATES[row["state"]], failures=row["failures"])
        wanted = ", ".join(row["names"])
        table.add_row(row["name"], wanted, row["url"], state, shown.number(row["waiting"]))
    shown.show(table)
    return 0


def run_remove(args: argparse.Namespace, settings: Settings) -> int:
    """Forget an endpoint; what waits for it is given up."""
    say = words(settings.lang)
    with _session(settings) as session:
        count = session.run(lambda connection: endpoints.remove(connection, args.name))
    if count is None:
        raise Trouble(say("endpoint.unknown", name=args.name))
    shown.say_line(say("endpoint.removed", name=args.name, count=count))
    return 0


def run_test(args: argparse.Namespace, settings: Settings) -> int:
    """Post a test message now; exit code 1 when it did not arrive."""
    say = words(settings.lang)
    with _session(settings) as session:
        target = session.run(lambda connection: endpoints.target_of(connection, args.name))
    if target is None:
        raise Trouble(say("endpoint.unknown", name=args.name))
    message_id = f"test-{uuid4().hex}"
    body = json.encode(_test_message(message_id, args.name)).decode()
    answer = Poster(settings.relay_timeout).post_all(target, [(message_id, body)])[0]
    took = shown.seconds(answer.duration)
    if answer.outcome != "delivered":
        raise Trouble(say("endpoint.test_failed", name=args.name, why=answer.error, took=took))
    shown.say_line(say("endpoint.test_done", name=args.name, status=answer.status, took=took))
    return 0


def _test_message(message_id: str, name: str) -> dict[str, Any]:
    return {
        "schema": "inventory.test/1",
        "id": message_id,
        "endpoint": name,
        "occurred_at": datetime.now(UTC),
        "text_en": words("en")("endpoint.test_text"),
        "text_zh": words("zh-CN")("endpoint.test_text"),
    }


def _names(text: str, say: Words) -> list[str]:
    given = [one.strip() for one in text.split(",") if one.strip()]
    if given == ["all"]:
        return [ALL]
    known = [*RULES, *ACTION_ROLES]
    wrong = next((one for one in given if one not in known), None)
    if wrong is not None or not given:
        sentence = say("endpoint.bad_for", name=wrong or text, known=", ".join(known))
        raise Trouble(sentence, exit_code=2)
    return list(dict.fromkeys(given))


def _secret(file: Path, say: Words) -> tuple[str, bool]:
    """Return the secret in a file, and whether the file was made for it just now."""
    try:
        secret = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        secret = new_secret()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600, exist_ok=False)
        file.write_text(f"{secret}\n", encoding="ascii")
        return secret, True
    except UnicodeDecodeError:
        secret = ""
    if not is_secret(secret):
        raise Trouble(say("endpoint.bad_secret", file=file))
    return secret, False


@contextmanager
def _session(settings: Settings) -> Iterator[Session]:
    session = Session(settings.need_dsn(), patience=PATIENCE, name="waterline endpoint")
    try:
        yield session
    finally:
        session.close()
