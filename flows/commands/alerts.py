"""`waterline alerts`: what is wrong now, in words, and the whole story of one alert.

Enters: the tables, through the named queries of `sql/queries/`. Nothing is changed. Leaves: a table
of at most 100 columns, a story, or one JSON document. May fail: no database, an id that is unknown
or the beginning of several.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from flows.commands import look, naming, shown, story
from flows.commands.look import positive
from flows.commands.trail import zones_of
from flows.domain.rules import RULES
from flows.words import Words, words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from connectors.queries import Queries, Row
    from flows.commands.parser import Subparsers
    from flows.settings import Settings

SHOWN = 40


def register(subparsers: Subparsers) -> None:
    """Add `waterline alerts`."""
    parser = subparsers.add_parser(
        "alerts",
        epilog="examples:\n  waterline alerts --warehouse SHA --severity critical\n"
        "  waterline alerts --rule below_safety --state all --json\n"
        "  waterline alerts --id below_safety-3f2a",
    )
    parser.add_argument("--warehouse", metavar="W")
    parser.add_argument("--rule", choices=tuple(RULES), metavar="R")
    parser.add_argument("--severity", choices=tuple(naming.SEVERITIES))
    parser.add_argument("--state", choices=(*naming.STATES, "all"))
    parser.add_argument("--sku", metavar="S")
    parser.add_argument("--id", metavar="A")
    parser.add_argument("--limit", type=positive)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Show what is open, or the story of one."""
    with look.queries(settings) as database:
        if args.id:
            story.show(database, args, settings)
            return 0
        states = {None: ["open", "acknowledged"], "all": list(naming.STATES)}.get(
            args.state, [args.state]
        )
        rows = standing(database, args, states, args.limit or (None if args.json else SHOWN))
        if args.json:
            shown.as_json([{k: v for k, v in row.items() if k != "total"} for row in rows])
        elif rows:
            _show(rows, zones_of(database), settings)
        else:
            shown.say_line(words(settings.lang)("alerts.none"))
    return 0


def standing(
    database: Queries, args: argparse.Namespace, states: Sequence[str], limit: int | None = None
) -> list[Row]:
    """Return the alerts in some states that the arguments ask for."""
    asked = {name: getattr(args, name) for name in ("warehouse", "rule", "severity", "sku")}
    return database.rows("alerts", **asked, states=list(states), ids=None, limit=limit)


def sentence(row: Row, say: Words) -> str:
    """Return what an alert says, in the reader's language."""
    message: str | None = row["message_zh" if say.lang == "zh-CN" else "message_en"]
    return message or row["alert_id"]


def _show(rows: Sequence[Row], zones: dict[str, str], settings: Settings) -> None:
    say = words(settings.lang)
    heads = (("severity", "!"), ("since", "!"), ("reason", "<"))
    table = shown.table([(say(f"column.{name}"), how) for name, how in heads])
    for row in rows:
        at = shown.local(row["opened_at"], zones.get(row["warehouse"], settings.tz))
        below = f"{row['alert_id']}{_standing(row, say)}"
        why = Text.assemble(sentence(row, say), "\n", (below, "dim"))
        table.add_row(naming.severity(row["severity"], say), at, why)
    shown.show(table)
    if rows[0]["total"] > len(rows):
        total = shown.number(rows[0]["total"])
        shown.say_line(say("stock.more_of", shown=len(rows), total=total))


def _standing(row: Row, say: Words) -> str:
    return "" if row["state"] == "open" else f" · {naming.state(row, say)}"
