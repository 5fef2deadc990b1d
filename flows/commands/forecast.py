"""`waterline forecast`: the forecast and the classes of every warehouse, made now.

Enters: the database of the settings; a warehouse, or all that the clock has reached. Leaves: the
rows that the clock flow would write after local midnight, anew, and a line per warehouse. Exit
code 1 when a warehouse was left out because another process is at work on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from connectors.trouble import Trouble
from flows.commands import shown
from flows.words import Words, words

if TYPE_CHECKING:
    import argparse

    from rich.table import Table

    from flows.commands.parser import Subparsers
    from flows.forecasting import Made
    from flows.settings import Settings
    from flows.store.forecasts import Forecasting, Place

METHODS = {
    "mean": "method.mean",
    "weekday_mean": "method.weekday_mean",
    "ets": "method.ets",
    "tsb": "method.tsb",
}
EXAMPLES = """examples:
  waterline forecast
  waterline forecast --warehouse SHA --json
"""


def register(subparsers: Subparsers) -> None:
    """Add `waterline forecast`."""
    parser = subparsers.add_parser("forecast", epilog=EXAMPLES)
    parser.add_argument("--warehouse", metavar="W")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Make the forecasts, whether they are due or not; say what was made."""
    from flows.store.forecasts import Forecasting  # noqa: PLC0415 - slow to import

    say = words(settings.lang)
    with Forecasting(settings.need_dsn()) as store:
        places = _places(store.places(), args.warehouse, say)
        made, busy = _make_all(store, places, settings.forecast_minutes, bar=not args.json)
    if args.json:
        shown.as_json({"forecasts": [msgspec.to_builtins(one) for one in made], "busy": busy})
    else:
        if made:
            _show(made, say)
        for warehouse in busy:
            shown.say_line(say("forecast.busy", warehouse=warehouse))
    return 1 if busy else 0


def _places(places: list[Place], wanted: str | None, say: Words) -> list[Place]:
    if not places:
        raise Trouble(say("forecast.no_clock"))
    found = [one for one in places if wanted in {None, one.warehouse}]
    if not found:
        known = ", ".join(one.warehouse for one in places)
        raise Trouble(say("forecast.no_warehouse", warehouse=wanted, known=known))
    return found


def _make_all(
    store: Forecasting, places: list[Place], minutes: float, *, bar: bool
) -> tuple[list[Made], list[str]]:
    from flows.forecasting import make  # noqa: PLC0415 - slow to import

    made, busy = [], []
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not bar or not console.is_terminal,
    ) as bars:
        for place in places:
            task = bars.add_task(place.warehouse)

            def progress(done: int, total: int, task: object = task) -> None:
                bars.update(task, completed=done, total=total)  # type: ignore[arg-type]

            with store.only_one(place.warehouse) as alone:
                one = make(store, place, minutes, progress=progress) if alone else None
            if one is None:
                busy.append(place.warehouse)
            else:
                made.append(one)
    return made, busy


def _show(made: list[Made], say: Words) -> None:
    shown.show(_errors(made, say), "", _kinds(made, say), "")
    shown.say_line(say("forecast.read"))


def _errors(made: list[Made], say: Words) -> Table:
    table = shown.table(
        [
            (say("column.warehouse"), "!"),
            (say("column.made_on"), "!"),
            *((say(f"column.{name}"), ">") for name in ("series", "wape", "plain_wape", "bias")),
            (say("column.took"), ">"),
        ]
    )
    for one in made:
        table.add_row(
            one.warehouse,
            one.made_on.isoformat(),
            shown.number(one.series),
            *(shown.share(value) for value in (one.wape, one.plain_wape, one.bias)),
            shown.seconds(one.seconds),
        )
    return table


def _kinds(made: list[Made], say: Words) -> Table:
    table = shown.table(
        [
            (say("column.warehouse"), "!"),
            *((say(name), ">") for name in METHODS.values()),
            (say("column.skipped"), ">"),
            *((letter, ">") for letter in ("A", "B", "C", "–")),
        ]
    )
    for one in made:
        methods = [one.methods.get(name, 0) for name in METHODS]
        classes = [one.class_a, one.class_b, one.class_c, one.unclassed]
        table.add_row(one.warehouse, *map(shown.number, [*methods, one.skipped, *classes]))
    return table
