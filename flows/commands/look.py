"""`waterline stock`, `trace`, `rejects`: look-ups at a terminal, `--json` for programs.

Enters: the tables, through the named queries of `sql/queries/`. Nothing is changed.
Leaves: a table of at most 100 columns, or one JSON document (`[]` when nothing is there).
May fail: no database, a time that is none.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from connectors.queries import QUERIES, Queries, Row
from connectors.trouble import Trouble
from flows.commands import shown, trail
from flows.commands.times import moment
from flows.words import Words, words

if TYPE_CHECKING:
    from flows.commands.parser import Subparsers
    from flows.settings import Settings

LEVELS = ("red", "yellow", "green", "over")
SHOWN = 40


def register(subparsers: Subparsers) -> None:
    """Add the look-ups."""
    _register_stock(subparsers)
    trail.register(subparsers)
    rejects = subparsers.add_parser("rejects", epilog="example: waterline rejects --code bad_value")
    rejects.add_argument("--code")
    rejects.add_argument("--limit", type=positive)
    rejects.add_argument("--json", action="store_true")
    rejects.set_defaults(run=show_rejects)


def _register_stock(subparsers: Subparsers) -> None:
    stock = subparsers.add_parser(
        "stock",
        epilog="examples:\n"
        "  waterline stock --warehouse SHA --level red\n"
        "  waterline stock --sku CJ01029743 --bins\n"
        "  waterline stock --sku CJ01029743 --at 2025-09-03 --known-at 2025-09-04T08:00Z --json",
    )
    stock.add_argument("--warehouse", metavar="W")
    stock.add_argument("--sku", metavar="S")
    stock.add_argument("--level", choices=LEVELS)
    stock.add_argument("--bins", action="store_true")
    stock.add_argument("--at", metavar="TIME")
    stock.add_argument("--known-at", metavar="TIME")
    stock.add_argument("--limit", type=positive)
    stock.add_argument("--json", action="store_true")
    stock.set_defaults(run=show_stock)


def positive(text: str) -> int:
    """Return a whole number above 0, for argparse."""
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def queries(settings: Settings) -> Queries:
    """Return the named queries over the database of the settings."""
    return Queries(QUERIES, settings.need_dsn())


def show_stock(args: argparse.Namespace, settings: Settings) -> int:
    """Show stock now, or as of a time."""
    name, parameters = _stock_query(args, settings)
    with queries(settings) as database:
        rows = database.rows(name, **parameters)
        if args.json:
            shown.as_json(rows)
        elif rows:
            _print_stock(name, rows, parameters, settings)
            _print_more(database, name, rows, parameters, words(settings.lang))
        else:
            shown.say_line(_nothing(database, args, words(settings.lang)))
    return 0


def _stock_query(args: argparse.Namespace, settings: Settings) -> tuple[str, dict[str, Any]]:
    say = words(settings.lang)
    limit = args.limit or (None if args.json else SHOWN)
    parameters: dict[str, Any] = {"warehouse": args.warehouse, "sku": args.sku, "limit": limit}
    if not args.at:
        if args.known_at:
            raise Trouble(say("stock.known_at_alone"), exit_code=2)
        parameters["level"] = args.level
        return (
            ("stock_bins", parameters | {"zone": settings.tz})
            if args.bins
            else (
                "stock",
                parameters,
            )
        )
    if args.level:
        raise Trouble(say("stock.level_is_now"), exit_code=2)
    parameters["at"] = moment(args.at, "--at", settings)
    known_at = moment(args.known_at, "--known-at", settings) if args.known_at else None
    parameters["known_at"] = known_at
    return "stock_bins_at" if args.bins else "stock_at", parameters


def name_of(row: Row, settings: Settings) -> str:
    """Return an item's name in the language of the settings, or what there is."""
    first, second = ("name_zh", "name") if settings.lang == "zh-CN" else ("name", "name_zh")
    return row.get(first) or row.get(second) or ""


def _print_stock(
    name: str, rows: list[Row], parameters: dict[str, Any], settings: Settings
) -> None:
    say = words(settings.lang)
    if "at" in parameters:
        at = shown.local(parameters["at"], settings.tz, to="seconds")
        shown.say_line(say("stock.as_of", at=at, zone=settings.tz))
    made = _BINS if "bins" in name else _AT if "at" in parameters else _NOW
    shown.show(made(rows, settings, say))


def _now(rows: list[Row], settings: Settings, say: Words) -> Any:
    always = ("on_hand", "available")
    possible = ("on_hand", "on_hold", "reserved", "available", "in_transit", "safety_stock")
    # A column of zeros tells nothing and takes the room that names need.
    numbers = [one for one in possible if one in always or any(row[one] for row in rows)]
    table = shown.table(
        [
            (say("column.warehouse"), "<"),
            (say("column.sku"), "<"),
            (say("column.name"), "~"),
            (say("column.level"), "<"),
            *((say(f"column.{one}"), ">") for one in numbers),
        ]
    )
    for row in rows:
        word = row["water_level"]
        table.add_row(
            row["warehouse"],
            row["sku"],
            name_of(row, settings),
            shown.level(word, say(f"level.{word}")),
            *(shown.number(row[one]) for one in numbers),
        )
    return table


def _at(rows: list[Row], settings: Settings, say: Words) -> Any:
    table = shown.table(
        [
            (say("column.warehouse"), "<"),
            (say("column.sku"), "<"),
            (say("column.name"), "~"),
            (say("column.on_hand"), ">"),
        ]
    )
    for row in rows:
        name = name_of(row, settings)
        table.add_row(row["warehouse"], row["sku"], name, shown.number(row["on_hand"]))
    return table


def _bins(rows: list[Row], settings: Settings, say: Words) -> Any:
    table = shown.table(
        [
            (say("column.warehouse"), "<"),
            (say("column.bin"), "<"),
            (say("column.zone"), "<"),
            (say("column.sku"), "<"),
            (say("column.name"), "~"),
            (say("column.lot"), "<"),
            (say("column.status"), "<"),
            (say("column.quantity"), ">"),
            (say("column.expires_on"), "<"),
        ]
    )
    for row in rows:
        expires_on = row.get("expires_on")
        table.add_row(
            row["warehouse"],
            row["bin"] or "–",
            row["zone"] or "–",
            row["sku"],
            name_of(row, settings),
            row["lot"] or "–",
            say.get(f"status.{row['status']}", row["status"]),
            shown.number(row["quantity"]),
            expires_on.isoformat() if expires_on else "–",
        )
    return table


_NOW, _AT, _BINS = _now, _at, _bins


def _print_more(
    database: Queries, name: str, rows: list[Row], parameters: dict[str, Any], say: Words
) -> None:
    if len(rows) < (parameters["limit"] or 0) or parameters["limit"] is None:
        return
    if name == "stock":
        total = database.row("stock_count", **{**parameters, "limit": None})["rows"]
        if total > len(rows):
            shown.say_line(say("stock.more_of", shown=len(rows), total=shown.number(total)))
    else:
        shown.say_line(say("stock.more", shown=len(rows)))


def _nothing(database: Queries, args: argparse.Namespace, say: Words) -> str:
    known = [row["warehouse"] for row in database.rows("known_warehouses")]
    if not known:
        return say("stock.none_at_all")
    if args.warehouse and args.warehouse not in known:
        return say("stock.no_warehouse", warehouse=args.warehouse, known=", ".join(known))
    asked = [(say("column.warehouse"), args.warehouse), ("SKU", args.sku)]
    asked += [(say("column.level"), args.level and say(f"level.{args.level}"))]
    what = ", ".join(f"{word} {value}" for word, value in asked if value)
    like = [row["sku"] for row in database.rows("known_skus", text=args.sku)] if args.sku else []
    if like and args.sku not in like:
        return say("stock.no_sku", what=what, like=", ".join(like))
    if not what:
        return say("stock.none_then", at=args.at)
    return say("stock.none", what=what, known=", ".join(known))


def show_rejects(args: argparse.Namespace, settings: Settings) -> int:
    """Show the latest messages that were refused, and why."""
    say = words(settings.lang)
    limit = args.limit or (None if args.json else SHOWN)
    with queries(settings) as database:
        rows = database.rows("rejects", code=args.code, limit=limit)
    if args.json:
        shown.as_json(rows)
    elif not rows:
        shown.say_line(say("rejects.none"))
    else:
        table = shown.table(
            [
                (say("column.at"), "<"),
                (say("column.code"), "<"),
                (say("column.place"), "<"),
                (say("column.why"), "<"),
            ]
        )
        for row in rows:
            place = f"{row['topic']} {row['partition']}@{row['offset']}"
            at = shown.local(row["at"], settings.tz)
            table.add_row(at, row["code"], place, row["message"])
        shown.show(table)
    return 0
