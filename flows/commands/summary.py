"""`waterline summary`: what a manager wants to know, on one page.

Enters: the tables and views. Leaves: stock per warehouse, the worst shortages, where one SKU
went, what expires, open orders, lag, the log's numbers, and how to look further; or all of it as
one JSON document.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.text import Text

from flows.commands import look, shown, trail
from flows.commands.progress import lag_table
from flows.words import Words, words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from rich.table import Table

    from connectors.queries import Queries, Row
    from flows.commands.parser import Subparsers
    from flows.settings import Settings

SHORTAGES = 8
LOTS = 6
STEPS = 14


def register(subparsers: Subparsers) -> None:
    """Add `summary`."""
    summary = subparsers.add_parser("summary", epilog="example: waterline summary --json")
    summary.add_argument("--json", action="store_true")
    summary.set_defaults(run=show_summary)


def show_summary(args: argparse.Namespace, settings: Settings) -> int:
    """Show the page."""
    with look.queries(settings) as database:
        found = gather(database)
        zones = trail.zones_of(database)
    if args.json:
        shown.as_json(found)
    elif not found["warehouses"]:
        shown.say_line(words(settings.lang)("stock.none_at_all"))
    else:
        _print(found, zones, settings)
    return 0


def gather(database: Queries) -> dict[str, Any]:
    """Return everything that the page shows."""
    lots = database.rows("interesting_lot")
    story = {"sku": lots[0]["sku"], "lot": lots[0]["lot"], "trail": []} if lots else None
    if story:
        story["trail"] = database.rows(
            "trace",
            sku=story["sku"],
            lot=story["lot"],
            order_id=None,
            document=None,
            warehouse=None,
            limit=STEPS,
        )
    return {
        "at": datetime.now(UTC),
        "warehouses": database.rows("summary_warehouses"),
        "shortages": database.rows("summary_shortages", limit=SHORTAGES),
        "story": story,
        "expiring": database.rows("summary_expiring", limit=LOTS),
        "lag": database.rows("lag"),
        "alerts": database.rows("summary_alerts"),
        "actions": database.rows("summary_actions"),
        **database.row("summary_totals"),
        **database.row("summary_responses"),
    }


def _print(found: dict[str, Any], zones: dict[str, str], settings: Settings) -> None:
    say = words(settings.lang)
    at = shown.local(found["at"], settings.tz)
    shown.show(Text(say("summary.title", at=at, zone=settings.tz), style="bold"))
    _part(say("summary.warehouses"), _warehouses(found["warehouses"], settings, say))
    if found["shortages"]:
        _part(say("summary.shortages"), _shortages(found["shortages"], settings, say))
    else:
        shown.show("", say("summary.no_shortages"))
    story = found["story"]
    if story and story["trail"]:
        name = look.name_of(story["trail"][0], settings)
        title = say("summary.trail", sku=story["sku"], name=name, lot=story["lot"])
        _part(title, trail.trail_table(story["trail"], zones, settings))
    if found["expiring"]:
        _part(say("summary.expiring"), _expiring(found["expiring"], settings, say))
    if found["alerts"]:
        _part(say("summary.alerts"), _alerts(found["alerts"], say))
    if found["actions"]:
        _part(say("summary.actions"), _actions(found["actions"], say))
    # How long ago replayed history happened says nothing about the pipeline.
    lag = [row for row in found["lag"] if row["kind"] != "replay"]
    if lag:
        _part(say("summary.lag"), lag_table(lag, say))
    else:
        shown.show("", say("summary.no_lag"))
    shown.show("")
    if found["expired_lots"]:
        lots, units = shown.number(found["expired_lots"]), shown.rounded(found["expired_units"])
        shown.say_line(say("summary.expired", lots=lots, units=units))
    if found["messages"]:
        shown.say_line(_messages(found, say))
    shown.say_line(_orders(found, say))
    shown.say_line(_log(found, say))
    sku = story["sku"] if story else "SKU"
    shown.say_line(say("summary.further", sku=sku, psql=psql(settings)))


def _part(title: str, table: Table) -> None:
    shown.show("", Text(title, style="bold"), table)


def _warehouses(rows: list[Row], settings: Settings, say: Words) -> Table:
    levels = ("red", "yellow", "green", "over")
    table = shown.table(
        [
            (say("column.warehouse"), "<"),
            (say("column.name"), "~"),
            *((say(f"column.{name}"), ">") for name in ("skus", "on_hand", "available", "value")),
            *((say(f"level.{name}"), ">") for name in levels),
        ]
    )
    counts = ("skus", "on_hand", "available")
    total: dict[str, Any] = {"warehouse": say("summary.total"), "name": "", "value": None}
    for name in (*counts, *levels):
        total[name] = sum((row[name] or 0 for row in rows), Decimal(0))
    values = [row["value"] for row in rows if row["value"] is not None]
    total["value"] = sum(values) if values else None
    for row in (*rows, total):
        table.add_row(
            row["warehouse"],
            look.name_of(row, settings),
            *(shown.rounded(row[name]) for name in counts),
            shown.rounded(row["value"]),
            *(shown.level(name, shown.number(row[name])) for name in levels),
            end_section=row is rows[-1],
        )
    return table


def _shortages(rows: Iterable[Row], settings: Settings, say: Words) -> Table:
    numbers = ("available", "safety_stock", "in_transit")
    table = shown.table(
        [
            (say("column.warehouse"), "<"),
            (say("column.sku"), "<"),
            (say("column.name"), "~"),
            (say("column.category"), "<"),
            *((say(f"column.{name}"), ">") for name in numbers),
        ]
    )
    for row in rows:
        table.add_row(
            row["warehouse"],
            row["sku"],
            look.name_of(row, settings),
            row["category"] or "–",
            *(shown.number(row[name]) for name in numbers),
        )
    return table


def _expiring(rows: Iterable[Row], settings: Settings, say: Words) -> Table:
    table = shown.table(
        [
            (say("column.warehouse"), "<"),
            (say("column.sku"), "<"),
            (say("column.name"), "~"),
            (say("column.lot"), "<"),
            (say("column.quantity"), ">"),
            (say("column.expires_on"), "!"),
            (say("column.days_left"), ">"),
        ]
    )
    for row in rows:
        table.add_row(
            row["warehouse"],
            row["sku"],
            look.name_of(row, settings),
            row["lot"] or "–",
            shown.number(row["quantity"]),
            row["expires_on"].isoformat(),
            str(row["days_to_expiry"]),
        )
    return table


def _alerts(rows: Iterable[Row], say: Words) -> Table:
    severities, changes = ("critical", "warning", "info"), ("acknowledged", "resolved")
    heads = {name: say(f"severity.{name}") for name in severities}
    heads |= {name: say(f"change.{name}") for name in changes}
    named = ((say(f"rule.{row['rule']}.name"), row) for row in rows)
    return _counts(say("column.alert"), heads, named)


def _actions(rows: Iterable[Row], say: Words) -> Table:
    states = ("proposed", "approved", "sent", "done", "rejected", "failed", "withdrawn")
    heads = {name: say(f"change.{name}") for name in states}
    named = ((say(f"action.{row['kind']}.name"), row) for row in rows)
    return _counts(say("column.action"), heads, named)


def _counts(what: str, heads: dict[str, str], named: Iterable[tuple[str, Row]]) -> Table:
    """Return a line per thing with how often each of `heads` (column → heading) holds of it."""
    table = shown.table([(what, "~"), *((head, ">") for head in heads.values())])
    for name, row in named:
        table.add_row(name, *(shown.number(row[one]) if row[one] else "–" for one in heads))
    return table


def _messages(found: dict[str, Any], say: Words) -> str:
    told = say(
        "summary.messages",
        messages=shown.number(found["messages"]),
        delivered=shown.number(found["delivered"]),
        share=f"{100 * found['delivered'] / found['messages']:.1f}",
    )
    if found["answer_p50"] is None:
        return told
    answers = say(
        "summary.answers",
        answered=shown.number(found["answered"]),
        p50=shown.seconds(found["answer_p50"]),
    )
    return f"{told} {answers}"


def _orders(found: dict[str, Any], say: Words) -> str:
    return say(
        "summary.orders",
        orders=shown.number(found["open_orders"]),
        lines=shown.number(found["open_lines"]),
        units=shown.number(found["units_to_ship"]),
        transfers=shown.number(found["transfers"]),
        moving=shown.number(found["units_moving"]),
    )


def _log(found: dict[str, Any], say: Words) -> str:
    names = ("consumed", "applied", "repeats", "rejects", "movements", "refused_messages")
    return say("summary.log", **{name: shown.number(found[name]) for name in names})


def psql(settings: Settings) -> str:
    """Return the line that opens psql; it never shows a password."""
    from deploy.local import stack  # noqa: PLC0415 - only where it is needed

    here = stack.endpoints(settings.home)
    script = stack.psql(settings.home)
    if here is None or here.dsn != settings.dsn or script is None:
        return 'psql "$WATERLINE_DSN"'
    return os.path.relpath(script)
