"""`waterline bench`: what it costs on this machine, beside the same bare work without it.

Enters: which scenarios, how much. Leaves: a table, or `--json`: scenario → figures. Every run has
a database and topics of its own, removed at its end, also after Ctrl-C. Fails with one sentence
when no server answers.
"""

from __future__ import annotations

import argparse
import signal
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from flows.commands import shown
from flows.words import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.bench.scenarios import Plan, Run, Tell
    from flows.commands.parser import Subparsers
    from flows.settings import Settings

SCENARIOS = (
    "core", "rules", "crossing", "intake", "latency", "alerts", "storm", "memory", "limit",
    "queries", "boards",
)  # fmt: skip
WHEN_NAMED = ("queries", "boards")
"""Scenarios that run only when --only names them: the year to ask about takes minutes to make."""
EXAMPLE = """examples:
  waterline bench
  waterline bench --only core limit --runs 3
  waterline bench --only latency --rate 5000 --seconds 30 --json
  waterline bench --only rules alerts storm
  waterline bench --only queries boards"""


def register(subparsers: Subparsers) -> None:
    """Add `waterline bench`."""
    bench = subparsers.add_parser("bench", epilog=EXAMPLE)
    bench.add_argument("--only", nargs="+", choices=SCENARIOS, metavar="NAME")
    bench.add_argument("--events", type=_positive, metavar="N")
    bench.add_argument("--runs", type=_positive, metavar="K", default=1)
    bench.add_argument("--rate", type=_positive, metavar="N", default=2000)
    bench.add_argument("--seconds", type=_positive, metavar="S", default=20)
    bench.add_argument("--json", action="store_true")
    bench.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Run the scenarios one after the other and show what they cost."""
    from flows.bench import report, scenarios  # noqa: PLC0415 - slow to import, needed only here

    settings.need_dsn(), settings.need_brokers()
    plan = scenarios.Plan(args.events, args.rate, args.seconds)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up then, too
    try:
        figures = report.summary(_runs(args, settings, plan))
    finally:
        signal.signal(signal.SIGTERM, before)
    if args.json:
        shown.as_json(figures)
        return 0
    say = words(settings.lang)
    for table in report.tables(figures, say):
        shown.show(table, "")
    for sentence in report.sentences(figures, say):
        shown.say_line(sentence)
    return 0


def _runs(args: argparse.Namespace, settings: Settings, plan: Plan) -> dict[str, list[Run]]:
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    quiet = args.json or not console.is_terminal
    made: dict[str, list[Run]] = {}
    with Progress(*columns, TimeElapsedColumn(), console=console, disable=quiet) as bars:
        for name in SCENARIOS:
            if name not in (args.only or set(SCENARIOS) - set(WHEN_NAMED)):
                continue
            for number in range(1, args.runs + 1):
                title = f"{name} {number}/{args.runs}" if args.runs > 1 else name
                run = _scenario(name)(settings, plan, _teller(bars, title, settings))
                made.setdefault(name, []).append(run)
    return made


def _scenario(name: str) -> Callable[[Settings, Plan, Tell], Run]:
    from flows.bench import latency, scenarios  # noqa: PLC0415 - slow to import, needed only here
    from flows.bench.boards import boards  # noqa: PLC0415
    from flows.bench.queries import queries  # noqa: PLC0415
    from flows.bench.storm import storm  # noqa: PLC0415

    return {
        "core": scenarios.core,
        "rules": scenarios.rules,
        "crossing": scenarios.crossing,
        "intake": scenarios.intake,
        "latency": latency.latency,
        "alerts": latency.alerts,
        "storm": storm,
        "memory": scenarios.memory,
        "limit": scenarios.limit,
        "queries": queries,
        "boards": boards,
    }[name]


def _teller(bars: Progress, title: str, settings: Settings) -> Tell:
    say = words(settings.lang)
    steps = {
        "produce": say("bench.produce"),
        "consume": say("bench.consume"),
        "fill": say("bench.fill"),
        "ask": say("bench.ask"),
    }
    task = bars.add_task(title, total=None)

    def tell(what: str, done: int, total: int) -> None:
        bars.update(task, description=f"{title}: {steps[what]}", completed=done, total=total)

    return tell


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)
