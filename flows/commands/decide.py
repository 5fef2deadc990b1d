"""`waterline approve`, `reject`, `ack`: a person's decision about actions and alerts.

Enters: ids (a unique beginning is enough), or for `ack` what the alerts have in common. Leaves: a
decision each on the log, and what the fold made of it: a line each, or one JSON document. The exit
code is 1 when one was refused, or not folded within ten seconds. May fail: no database or broker,
an id that is unknown or the beginning of several.
"""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from decimal import Decimal, InvalidOperation
from getpass import getuser
from typing import TYPE_CHECKING

from rich.console import Console

from connectors.trouble import Trouble
from flows.commands import actions, alerts, look, naming, shown
from flows.domain.rules import RULES
from flows.words import Words, words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from connectors.queries import Queries, Row
    from flows.commands.parser import Subparsers
    from flows.deciding import Answer, Subject
    from flows.settings import Settings

SHOWN = 40
FILTERS = ("rule", "warehouse", "severity", "sku")


def register(subparsers: Subparsers) -> None:
    """Add the three commands."""
    approve = subparsers.add_parser(
        "approve",
        epilog="examples:\n  waterline approve replenishment-3f2a\n"
        '  waterline approve replenishment-3f2a --quantity 200 --reason "a full pallet"',
    )
    approve.add_argument("ids", nargs="+", metavar="ACTION")
    approve.add_argument("--quantity", type=_number, metavar="Q")
    approve.add_argument("--reason", metavar="TEXT")
    reject = subparsers.add_parser(
        "reject",
        epilog='example: waterline reject replenishment-3f2a --reason "the supplier is on strike"',
    )
    reject.add_argument("ids", nargs="+", metavar="ACTION")
    reject.add_argument("--reason", metavar="TEXT", required=True)
    reject.set_defaults(quantity=None)
    for name, parser in (("approve", approve), ("reject", reject)):
        _common(parser)
        parser.set_defaults(run=run, decision=name, find=_actions)
    _register_ack(subparsers)


def _register_ack(subparsers: Subparsers) -> None:
    ack = subparsers.add_parser(
        "ack",
        epilog='examples:\n  waterline ack below_safety-3f2a --note "on its way"\n'
        "  waterline ack --rule below_safety --warehouse SHA\n"
        '  waterline ack shrinkage-91c0 --resolve --note "counted again"',
    )
    ack.add_argument("ids", nargs="*", metavar="ALERT")
    ack.add_argument("--rule", choices=tuple(RULES), metavar="R")
    ack.add_argument("--warehouse", metavar="W")
    ack.add_argument("--severity", choices=tuple(naming.SEVERITIES))
    ack.add_argument("--sku", metavar="S")
    ack.add_argument(
        "--resolve", action="store_const", dest="decision", const="resolve", default="acknowledge"
    )
    ack.add_argument("--note", dest="reason", metavar="TEXT")
    _common(ack)
    ack.set_defaults(run=run, quantity=None, find=_alerts)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", metavar="NAME")
    parser.add_argument("--json", action="store_true")


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Decide, and tell what became of it."""
    from flows import deciding  # noqa: PLC0415 - needs Kafka's client, which help does not

    say = words(settings.lang)
    if args.quantity is not None and len(args.ids) > 1:
        raise Trouble(say("decide.one_quantity"), exit_code=2)
    who = args.by or settings.user or getuser()
    with look.queries(settings) as database:
        found = args.find(database, args, settings)
        events = [
            (one, deciding.decision(one, args.decision, who, args.reason, args.quantity))
            for one in found
        ]
        with _patience(say, quiet=args.json):
            answers = deciding.decide(settings, database, events, deciding.PATIENCE)
        _tell(database, answers, args, say)
    return int(any(one.result != "taken" for one in answers))


def _actions(database: Queries, args: argparse.Namespace, settings: Settings) -> list[Subject]:
    return _named(database, args.ids, "action", settings)


def _alerts(database: Queries, args: argparse.Namespace, settings: Settings) -> list[Subject]:
    asked = any(getattr(args, name) for name in FILTERS)
    if asked == bool(args.ids):
        raise Trouble(words(settings.lang)("decide.which"), exit_code=2)
    if args.ids:
        return _named(database, args.ids, "alert", settings)
    states = ("open", "acknowledged") if args.decision == "resolve" else ("open",)
    rows = alerts.standing(database, args, states)
    return [_subject(database, "alert", row, settings) for row in rows]


def _named(
    database: Queries, prefixes: Sequence[str], kind: str, settings: Settings
) -> list[Subject]:
    key, subjects = f"{kind}_id", {}
    for prefix in prefixes:
        row = naming.one_of(database.rows(f"{kind}_ids", id=prefix), kind, prefix, settings)
        subjects[row[key]] = _subject(database, kind, row, settings)
    return list(subjects.values())


def _subject(database: Queries, kind: str, row: Row, settings: Settings) -> Subject:
    from flows.deciding import Subject  # noqa: PLC0415 - needs Kafka's client

    name = row["kind" if kind == "action" else "rule"]
    warehouse = row["warehouse"] or _any_warehouse(database, settings)
    return Subject(kind, row[f"{kind}_id"], warehouse, name)


def _any_warehouse(database: Queries, settings: Settings) -> str:
    """Return where to put what is decided on an alert about none: watchers read every journal."""
    known = database.rows("known_warehouses")
    if not known:
        raise Trouble(words(settings.lang)("stock.none_at_all"))
    name: str = known[0]["warehouse"]
    return name


def _patience(say: Words, *, quiet: bool) -> AbstractContextManager[object]:
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        return nullcontext()
    return console.status(say("decide.folding"))


def _tell(
    database: Queries, answers: Sequence[Answer], args: argparse.Namespace, say: Words
) -> None:
    rows = _after(database, answers)
    if args.json:
        shown.as_json([_document(one, args.decision, rows.get(one.subject.id)) for one in answers])
        return
    for one in answers[:SHOWN]:
        shown.say_line(_line(one, rows.get(one.subject.id), say))
    if not answers:
        shown.say_line(say("alerts.none"))
    if len(answers) > SHOWN:
        refused = sum(one.result == "refused" for one in answers)
        shown.say_line(say("decide.all", total=f"{len(answers):,}", refused=f"{refused:,}"))
    if any(one.result == "waits" for one in answers):
        shown.say_line(say("decide.waits"))


def _after(database: Queries, answers: Sequence[Answer]) -> dict[str, Row]:
    """Return the actions or alerts as they are now, by id."""
    ids = [one.subject.id for one in answers]
    if not answers or answers[0].subject.kind == "action":
        return {row["action_id"]: row for row in actions.by_id(database, ids)}
    rows = database.rows(
        "alerts", warehouse=None, rule=None, severity=None, sku=None, ids=ids,
        states=list(naming.STATES), limit=None,
    )  # fmt: skip
    return {row["alert_id"]: row for row in rows}


def _line(one: Answer, row: Row | None, say: Words) -> str:
    name = one.subject.id
    if one.result == "refused":
        return say("decide.refused", id=name, why=one.why)
    if one.result == "waits":
        return say("decide.on_the_log", id=name)
    if one.subject.kind == "alert" and RULES[one.subject.name].watched:
        return say("decide.watched", id=name)
    if row is None:
        return say("decide.taken", id=name)
    if one.subject.kind == "action":
        return f"{name}: {actions.sentence(row, say)}"
    return f"{name}: {naming.state(row, say)} · {alerts.sentence(row, say)}"


def _document(one: Answer, word: str, row: Row | None) -> Row:
    return {
        f"{one.subject.kind}_id": one.subject.id,
        "decision": word,
        "event_id": one.event_id,
        "result": one.result,
        "why": one.why,
        "state": row["state"] if row else None,
    }
