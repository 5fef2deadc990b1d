"""`waterline actions`: what should be done about stock, and what became of it.

Enters: the tables, through the named queries of `sql/queries/`. Nothing is changed. Leaves: a table
of at most 100 columns, what waits for a decision first, or one JSON document. May fail: no
database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import fields
from rich.text import Text

from flows.commands import look, shown
from flows.commands.look import positive
from flows.domain.episodes import ActionRow
from flows.domain.fixed import fixed
from flows.domain.rules import ACTION_ROLES
from flows.telling import action_sentence
from flows.words import Words, words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.table import Table

    from connectors.queries import Queries, Row
    from flows.commands.parser import Subparsers
    from flows.settings import Settings

STATES = ("proposed", "approved", "rejected", "sent", "done", "failed", "withdrawn")
SHOWN = 40
STYLES = {"proposed": "bold yellow", "failed": "bold red"}


def register(subparsers: Subparsers) -> None:
    """Add `waterline actions`."""
    parser = subparsers.add_parser(
        "actions",
        epilog="examples:\n  waterline actions --warehouse SHA\n"
        "  waterline actions --kind replenishment --state proposed --json",
    )
    parser.add_argument("--kind", choices=tuple(ACTION_ROLES))
    parser.add_argument("--warehouse", metavar="W")
    parser.add_argument("--state", choices=(*STATES, "all"))
    parser.add_argument("--limit", type=positive)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Show the actions whose reason holds, or those of a state."""
    with look.queries(settings) as database:
        rows = database.rows(
            "actions",
            warehouse=args.warehouse,
            kind=args.kind,
            states=None if args.state in (None, "all") else [args.state],
            standing=args.state is None,
            ids=None,
            limit=args.limit or (None if args.json else SHOWN),
        )
    say = words(settings.lang)
    if args.json:
        shown.as_json([{k: v for k, v in row.items() if k != "total"} for row in rows])
    elif not rows:
        shown.say_line(say("actions.none"))
    else:
        shown.show(listed(rows, settings))
        if rows[0]["total"] > len(rows):
            total = shown.number(rows[0]["total"])
            shown.say_line(say("stock.more_of", shown=len(rows), total=total))
    return 0


def by_id(database: Queries, ids: Sequence[str]) -> list[Row]:
    """Return actions by their ids."""
    rows = database.rows(
        "actions", warehouse=None, kind=None, states=None, standing=False, ids=ids, limit=None
    )
    return [{k: v for k, v in row.items() if k != "total"} for row in rows]


def sentence(row: Row, say: Words) -> str:
    """Return what an action says, in the reader's language."""
    values = {one.name: row[one.name] for one in fields(ActionRow) if one.name in row}
    quantity = None if row["quantity"] is None else fixed(row["quantity"])
    values |= {"quantity": quantity, "offset": row["log_offset"], "events": tuple(row["events"])}
    return action_sentence(ActionRow(**values), say.lang)


def listed(rows: Sequence[Row], settings: Settings) -> Table:
    """Return actions as a table."""
    say = words(settings.lang)
    heads = (("state", "!"), ("quantity", ">"), ("value", ">"), ("reason", "<"))
    table = shown.table([(say(f"column.{name}"), how) for name, how in heads])
    for row in rows:
        why = Text.assemble(sentence(row, say), "\n", (row["action_id"], "dim"))
        state = Text(say(f"change.{row['state']}"), style=STYLES.get(row["state"], ""))
        table.add_row(state, shown.number(row["quantity"]), shown.rounded(row["value"]), why)
    return table
