"""`waterline query`: the named questions of analysts, asked of the tables with parameters.

Enters: a name and `k=v` pairs; the queries of `sql/queries/analyst/`, whose heads describe them.
Leaves: without a name the list of them; else a table of what was found, one JSON document or CSV.
Nothing is changed: the session is read-only and each statement may take 30 s. May fail: no
database, a name or a parameter that the query does not know, a value that is none of its kind.
"""

from __future__ import annotations

import csv
import difflib
import json
import sys
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.named import NamedQuery, Parameter, read_named
from connectors.queries import QUERIES, Queries, Row
from connectors.trouble import Trouble
from flows.commands import shown
from flows.commands.look import name_of
from flows.commands.times import moment
from flows.words import Words, words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from flows.commands.parser import Subparsers
    from flows.settings import Settings

ANALYST = QUERIES / "analyst"
SHOWN = 60
THOUSAND = 1000
KINDS = {"integer": "query.kind.integer", "date": "query.kind.date"}


def register(subparsers: Subparsers) -> None:
    """Add `waterline query`."""
    query = subparsers.add_parser(
        "query",
        epilog="examples:\n  waterline query\n"
        "  waterline query top_movers --param days=7 by=cost\n"
        "  waterline query stock_on_date --param day=2025-09-30 warehouse=SHA --csv",
    )
    query.add_argument("name", nargs="?", metavar="NAME")
    query.add_argument("--param", nargs="+", action="extend", default=[], metavar="K=V")
    form = query.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--csv", action="store_true")
    query.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """List the queries, or run one."""
    say = words(settings.lang)
    known = read_named(ANALYST)
    if args.name is None:
        _list(args, known, say)
        return 0
    asked = _find(args.name, known, say)
    parameters = values(asked, args.param, settings)
    with Queries(ANALYST, settings.need_dsn()) as database:
        columns, rows = database.table(asked.file, parameters)
    if args.json:
        shown.as_json(rows)
    elif args.csv:
        _csv(columns, rows)
    else:
        _show(asked, columns, rows, settings)
    return 0


def _list(args: argparse.Namespace, known: Sequence[NamedQuery], say: Words) -> None:
    if args.param:
        raise Trouble(say("query.which"), exit_code=2)
    if args.json or args.csv:
        rows = [_described(one, say.lang) for one in known]
        if args.json:
            shown.as_json(rows)
        else:
            _csv(list(rows[0]), rows)
        return
    heads = (say("query.name"), "!"), (say("query.says"), "<"), (say("query.parameters"), "<")
    table = shown.table(heads)
    for one in known:
        table.add_row(one.name, one.says[say.lang], ", ".join(map(_marked, one.parameters)))
    shown.show(table, "")
    shown.say_line(say("query.how"))


def _marked(parameter: Parameter) -> str:
    return f"{parameter.name} *" if parameter.required else parameter.name


def _described(query: NamedQuery, lang: str) -> Row:
    parameters = {
        one.name: {"kind": one.kind, "required": one.required, "says": one.says[lang]}
        for one in query.parameters
    }
    columns = query.columns[lang]
    return {
        "name": query.name,
        "says": query.says[lang],
        "columns": columns,
        "parameters": parameters,
    }


def _find(name: str, known: Sequence[NamedQuery], say: Words) -> NamedQuery:
    for one in known:
        if name in {one.name, one.file}:
            return one
    names = [one.name for one in known]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = say("cli.did_you_mean", name=near[0]) if near else ", ".join(names)
    raise Trouble(say("query.no_name", name=name, hint=hint), exit_code=2)


def values(query: NamedQuery, given: Sequence[str], settings: Settings) -> Row:
    """Return a value for every parameter of the query, None where none was given."""
    say = words(settings.lang)
    known = {one.name: one for one in query.parameters}
    found: Row = dict.fromkeys(known)
    for pair in given:
        name, equals, text = pair.partition("=")
        if not equals or not text:
            raise Trouble(say("query.pair", pair=pair), exit_code=2)
        if name not in known:
            hint = ", ".join(known) or "–"
            raise Trouble(
                say("query.no_parameter", query=query.name, name=name, hint=hint), exit_code=2
            )
        found[name] = _value(known[name], text, settings)
    for one in query.parameters:
        if one.required and found[one.name] is None:
            sentence = say(
                "query.required", query=query.name, name=one.name, says=one.says[say.lang]
            )
            raise Trouble(sentence, exit_code=2)
    return found


def _value(parameter: Parameter, text: str, settings: Settings) -> Any:
    kind = parameter.kind
    if kind == "time":
        return moment(text, parameter.name, settings)
    if kind == "date":
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    elif kind == "text" or text in parameter.choices:
        return text
    elif kind == "integer" and text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000:  # noqa: PLR2004
        return int(text)
    say = words(settings.lang)
    choices = ", ".join(parameter.choices)
    wanted = say("query.one_of", choices=choices) if choices else say(KINDS[kind])
    raise Trouble(say("query.value", name=parameter.name, text=text, wanted=wanted), exit_code=2)


def _csv(columns: Sequence[str], rows: Sequence[Row]) -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(columns)
    out.writerows([_plain(row[name]) for name in columns] for row in rows)


def _plain(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=shown.plain)
    is_plain = value is None or isinstance(value, str | int | float)
    return value if is_plain else shown.plain(value)


def _show(
    query: NamedQuery, columns: Sequence[str], rows: Sequence[Row], settings: Settings
) -> None:
    say = words(settings.lang)
    shown.say_line(query.says[say.lang])
    if not rows:
        shown.say_line(say("query.none"))
        return
    kept = [
        name
        for name in columns
        if name != "name_zh" and any(row[name] not in (None, "") for row in rows)
    ]
    numeric = {name for name in kept if any(_number(row[name]) for row in rows)}
    table = shown.table([(name, ">" if name in numeric else "<") for name in kept])
    for row in rows[:SHOWN]:
        table.add_row(*(_cell(name, row, settings) for name in kept))
    shown.show(table)
    if len(rows) > SHOWN:
        total = shown.number(len(rows))
        shown.say_line(say("query.more", shown=SHOWN, total=total))


def _number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _cell(name: str, row: Row, settings: Settings) -> str:
    value = row[name]
    if name == "name":
        return name_of(row, settings) or "–"
    if value is None or value == "":
        return "–"
    if _number(value):
        return shown.number(_short(value))
    if isinstance(value, datetime):
        return shown.local(value, settings.tz)
    return value.isoformat() if isinstance(value, date) else str(_plain(value))


def _short(value: Decimal | float) -> Decimal | float:
    """Cut what nobody reads: more than four fraction digits, more than two of thousands."""
    return round(value, 4 if abs(value) < THOUSAND else 2) if isinstance(value, Decimal) else value
