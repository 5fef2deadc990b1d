"""`waterline deliveries`: what was sent, to whom, and what was not.

Enters: views `delivery_proof` and `undelivered`. Leaves: a table, or one JSON document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.commands import look, shown
from flows.words import Words, words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from connectors.queries import Row
    from flows.commands.parser import Subparsers
    from flows.settings import Settings

SHOWN = 40
_PROOF = (
    ("deliveries.topic", "<"),
    ("deliveries.receiver", "<"),
    ("deliveries.messages", ">"),
    ("deliveries.delivered", ">"),
    ("deliveries.waiting", ">"),
    ("deliveries.given_up", ">"),
    ("deliveries.share", ">"),
    ("deliveries.p50", ">"),
    ("deliveries.p95", ">"),
    ("deliveries.p99", ">"),
)
_MISSING = (
    ("deliveries.created_at", "<"),
    ("deliveries.receiver", "<"),
    ("deliveries.name", "<"),
    ("deliveries.warehouse", "<"),
    ("deliveries.state", "<"),
    ("deliveries.attempts", ">"),
    ("deliveries.last_error", "<"),
)
_STATES = {"waiting": "deliveries.state_waiting", "given_up": "deliveries.state_given_up"}


def register(subparsers: Subparsers) -> None:
    """Add `waterline deliveries`."""
    parser = subparsers.add_parser(
        "deliveries",
        epilog="examples:\n  waterline deliveries\n  waterline deliveries --undelivered --json",
    )
    parser.add_argument("--undelivered", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Show totals, or the messages that have not arrived."""
    say = words(settings.lang)
    with look.queries(settings) as database:
        if args.undelivered:
            limit = None if args.json else SHOWN + 1
            rows = database.rows("undelivered", limit=limit)
        else:
            rows = database.rows("delivery_proof")
    if args.json:
        shown.as_json(rows)
    elif not rows:
        shown.say_line(say("deliveries.all_there" if args.undelivered else "deliveries.none"))
    elif args.undelivered:
        _undelivered(rows, say, settings)
    else:
        _proof(rows, say)
    return 0


def _proof(rows: Sequence[Row], say: Words) -> None:
    table = shown.table([(say(name), how) for name, how in _PROOF])
    for row in rows:
        table.add_row(
            row["topic"],
            row["receiver"],
            *(shown.number(row[one]) for one in ("messages", "delivered", "waiting", "given_up")),
            shown.share(row["share"]),
            *(shown.seconds(row[one]) for one in ("p50", "p95", "p99")),
        )
    shown.show(table)


def _undelivered(rows: Sequence[Row], say: Words, settings: Settings) -> None:
    table = shown.table([(say(name), how) for name, how in _MISSING])
    for row in rows[:SHOWN]:
        table.add_row(
            shown.local(row["created_at"], settings.tz, to="seconds"),
            row["receiver"],
            row["name"],
            row["warehouse"] or "–",
            say(_STATES[row["state"]]),
            str(row["attempts"]),
            row["last_error"] or "–",
        )
    shown.show(table)
    if len(rows) > SHOWN:
        shown.say_line(say("deliveries.more", shown=SHOWN))
