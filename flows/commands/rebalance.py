"""`waterline rebalance`: what should lie elsewhere, looked at now.

Enters: the tables. Leaves: the suggestions in table `rebalancing`, printed in the order in which to
do them, or as one JSON document. Moves nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from connectors.trouble import Trouble
from flows.commands import look, shown
from flows.words import Words, words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from connectors.queries import Row
    from flows.commands.parser import Subparsers
    from flows.settings import Settings


def register(subparsers: Subparsers) -> None:
    """Add `waterline rebalance`."""
    parser = subparsers.add_parser(
        "rebalance",
        epilog="examples:\n  waterline rebalance --warehouse SHA\n  waterline rebalance --json",
    )
    parser.add_argument("--warehouse", metavar="W")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Look, keep and show."""
    from flows.rebalancing import rebalance  # noqa: PLC0415 - needed only here

    say = words(settings.lang)
    with look.queries(settings) as database:
        known = [row["warehouse"] for row in database.rows("known_warehouses")]
        if args.warehouse and args.warehouse not in known:
            sentence = say("stock.no_warehouse", warehouse=args.warehouse, known=", ".join(known))
            raise Trouble(sentence)
        with _bars(quiet=args.json) as bars:
            task = bars.add_task("")
            rebalance(
                settings,
                args.warehouse,
                lambda name, done, total: bars.update(
                    task, description=name, completed=done, total=total
                ),
            )
        rows = database.rows("rebalancing", warehouse=args.warehouse)
    if args.json:
        shown.as_json(rows)
    elif rows:
        _show(rows, say, settings)
    else:
        shown.say_line(say("rebalance.none", count=1 if args.warehouse else len(known)))
    return 0


def _bars(*, quiet: bool) -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )


def _show(rows: Sequence[Row], say: Words, settings: Settings) -> None:
    reason = "reason_zh" if settings.lang == "zh-CN" else "reason_en"
    table = shown.table(
        [
            (say("column.warehouse"), "<"),
            ("#", ">"),
            (say("column.sku"), "<"),
            (say("column.lot"), "<"),
            (say("column.quantity"), ">"),
            (say("rebalance.from"), "!"),
            (say("rebalance.to"), "!"),
            (say("column.why"), "<"),
        ]
    )
    for row in rows:
        cautions = [say(f"rebalancing.{word}") for word in row["cautions"]]
        table.add_row(
            row["warehouse"],
            str(row["n"]),
            row["sku"],
            row["lot"] or "–",
            shown.number(row["quantity"]),
            row["from_bin"],
            row["to_bin"],
            "; ".join([row[reason], *cautions]),
        )
    shown.show(table)
    shown.say_line(say("rebalance.found", count=len(rows)))
