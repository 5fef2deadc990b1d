"""`waterline trace`: where a SKU, a lot, an order or a document went, told in order.

Enters: the SQL function `trace`. Leaves: one line per step, at the warehouse's own clock: what,
how much, from where to where, by whom, on which paper; or its rows as JSON.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.trouble import Trouble
from flows.commands import look, shown
from flows.words import Words, words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.table import Table

    from connectors.queries import Queries, Row
    from flows.commands.parser import Subparsers
    from flows.settings import Settings

SHOWN = 60
IMAGES = ("order_line", "purchase_line")


def register(subparsers: Subparsers) -> None:
    """Add `trace`."""
    trace = subparsers.add_parser(
        "trace",
        epilog="examples:\n  waterline trace --sku CJ01029743\n"
        "  waterline trace --order O-10021 --json",
    )
    trace.add_argument("--sku", metavar="S")
    trace.add_argument("--lot", metavar="L")
    trace.add_argument("--order", metavar="O")
    trace.add_argument("--document", metavar="D")
    trace.add_argument("--warehouse", metavar="W")
    trace.add_argument("--limit", type=look.positive)
    trace.add_argument("--json", action="store_true")
    trace.set_defaults(run=show_trace)


def show_trace(args: argparse.Namespace, settings: Settings) -> int:
    """Show the trail."""
    say = words(settings.lang)
    asked = {"sku": args.sku, "lot": args.lot, "order_id": args.order, "document": args.document}
    if not any(asked.values()):
        raise Trouble(say("trace.one_of"), exit_code=2)
    limit = args.limit or (None if args.json else SHOWN)
    with look.queries(settings) as database:
        rows = database.rows("trace", **asked, warehouse=args.warehouse, limit=limit)
        zones = zones_of(database)
    if args.json:
        kept = [
            {k: v for k, v in row.items() if k not in {"steps", "step", "ordinality"}}
            for row in rows
        ]
        shown.as_json(kept)
    elif rows:
        shown.show(trail_table(rows, zones, settings))
        if rows[0]["steps"] > len(rows):
            total = shown.number(rows[0]["steps"])
            shown.say_line(say("trace.more", shown=len(rows), total=total))
    else:
        what = ", ".join(f"{name} {value}" for name, value in _asked(args, say) if value)
        shown.say_line(say("trace.none", what=what))
    return 0


def _asked(args: argparse.Namespace, say: Words) -> list[tuple[str, str | None]]:
    return [
        (say("column.sku"), args.sku),
        (say("column.lot"), args.lot),
        (say("column.order"), args.order),
        (say("column.document"), args.document),
        (say("column.warehouse"), args.warehouse),
    ]


def zones_of(database: Queries) -> dict[str, str]:
    """Return warehouse → time zone."""
    return {row["warehouse"]: row["timezone"] for row in database.rows("known_warehouses")}


def trail_table(rows: Sequence[Row], zones: dict[str, str], settings: Settings) -> Table:
    """Return the steps as a table; columns that say the same in every row are left out."""
    say = words(settings.lang)
    many = len({row["sku"] for row in rows}) > 1
    lots = len({row["lot"] for row in rows if row["lot"]}) > 1
    optional = [("sku", many), ("lot", lots)]
    table = shown.table(
        [
            (say("column.at"), "!"),
            (say("column.what"), "<"),
            (say("column.quantity"), ">"),
            *((say(f"column.{name}"), "<") for name, wanted in optional if wanted),
            (say("column.where"), "<"),
            (say("column.who"), "<"),
            (say("column.papers"), "<"),
        ]
    )
    for row in rows:
        table.add_row(
            shown.local(row["at"], zones.get(row["warehouse"], settings.tz)),
            what(row, say),
            _quantity(row),
            *(row[name] or "–" for name, wanted in optional if wanted),
            where(row, say),
            " / ".join(one for one in (row["operator"], row["device"]) if one) or "–",
            _papers(row),
        )
    return table


def what(row: Row, say: Words) -> str:
    """Return what happened: the type in words, with what kind of row it is."""
    word = say.get(f"type.{row['type']}", row["type"])
    if row["variance"]:
        word = say("trace.variance")
    return f"{word} ({say('trace.correction')})" if row["correction"] else word


def _quantity(row: Row) -> str:
    signed = row["type"] not in {"move", "status", *IMAGES} and not _counted(row)
    plus = "+" if signed and row["quantity"] is not None and row["quantity"] > 0 else ""
    return plus + shown.number(row["quantity"])


def _counted(row: Row) -> bool:
    return row["type"] == "stocktake" and not row["variance"]


def where(row: Row, say: Words) -> str:
    """Return the place, or from where to where."""
    if row["type"] in IMAGES:
        return f"{row['warehouse']}: {_image(row, say)}"
    left, to = row["from_bin"], row["to_bin"]
    here = row["warehouse"]
    if row["type"] == "transfer_out":
        return f"{_place(here, left)} → {row['counterpart'] or '?'}"
    if row["type"] == "transfer_in":
        return f"{row['counterpart'] or '?'} → {_place(here, to)}"
    if row["type"] == "move":
        return f"{_place(here, left)} → {to or '–'}"
    if row["type"] == "status":
        left_status = say.get(f"status.{row['from_status']}", row["from_status"] or "")
        new_status = say.get(f"status.{row['status']}", row["status"] or "")
        return f"{_place(here, left or to)}: {left_status} → {new_status}"
    return _place(here, to or left)


def _place(warehouse: str, bin_: str | None) -> str:
    return f"{warehouse} {bin_}" if bin_ else warehouse


def _image(row: Row, say: Words) -> str:
    detail: dict[str, Any] = row["detail"] or {}
    done = "received" if row["type"] == "purchase_line" else "shipped"
    amounts = {
        "ordered": detail.get("ordered", 0),
        done: detail.get(done, detail.get("shipped", 0)),
        "cancelled": detail.get("cancelled", 0),
    }
    exact = {name: Decimal(str(value or 0)) for name, value in amounts.items()}
    told = [
        say(f"trace.{name}", quantity=shown.number(value))
        for name, value in exact.items()
        if value or name == "ordered"
    ]
    return ", ".join([*told, *([detail["state"]] if detail.get("state") else [])])


def _papers(row: Row) -> str:
    order = "/".join(one for one in (row["order_id"], row["line_id"]) if one)
    return " ".join(one for one in (order, row["document"]) if one) or "–"
