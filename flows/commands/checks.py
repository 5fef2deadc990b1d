"""`waterline check`: what must always be true of the tables, checked whole, now.

Enters: the database of the settings. Leaves: a line per invariant, a table of what differs, exit
code 1 when anything does. Writes nothing: episodes and history are the clock flow's, and
`last_round` is what `status` and `summary` show of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from flows.commands import shown
from flows.words import Words, words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.table import Table

    from connectors.checks import Finding
    from connectors.queries import Queries, Row
    from flows.commands.parser import Subparsers
    from flows.settings import Settings


def register(subparsers: Subparsers) -> None:
    """Add `waterline check`."""
    parser = subparsers.add_parser(
        "check", epilog="examples:\n  waterline check\n  waterline check --json"
    )
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Check everything; exit code 1 when anything differs."""
    from flows.checks import as_json, check  # noqa: PLC0415 - slow to import, needed only here

    settings.need_dsn()
    say = words(settings.lang)
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=args.json or not console.is_terminal,
    ) as bars:
        task = bars.add_task("")

        def progress(name: str, done: int, total: int) -> None:
            bars.update(task, description=name, completed=done, total=total)

        findings = check(settings, progress)
    wrong = any(one.wrong for one in findings)
    if args.json:
        shown.as_json({"clean": not wrong, "invariants": as_json(findings)})
    else:
        _show(findings, say)
    return 1 if wrong else 0


def last_round(database: Queries) -> list[Row]:
    """Return the last round of each invariant, what is wrong first.

    A row is name, at, checked, wrong, drift, worst, duration_ms, whole_since, alert_id and
    drifting_since.
    """
    return database.rows("invariants")


def round_table(rows: Sequence[Row], settings: Settings, say: Words) -> Table:
    """Return the table of the last round, for `status` and `summary`."""
    table = shown.table(
        [
            (say("check.invariant"), "<"),
            *((say(f"column.{name}"), ">") for name in ("checked", "wrong", "drift")),
            (say("check.at"), "<"),
            (say("check.alerted"), "<"),
        ]
    )
    for row in rows:
        table.add_row(
            _sentence(row["name"], say),
            *(shown.number(row[name]) for name in ("checked", "wrong", "drift")),
            shown.local(row["at"], settings.tz, to="seconds"),
            shown.local(row["drifting_since"], settings.tz, to="seconds"),
        )
    return table


def round_line(rows: Sequence[Row], say: Words) -> str:
    """Return the last round in one sentence, for a page that has no room for the table."""
    if not rows:
        return say("check.none")
    return _verdict([(row["name"], row["checked"], row["wrong"]) for row in rows], say)


def _verdict(counts: Sequence[tuple[str, int, int]], say: Words) -> str:
    checked = f"{sum(one[1] for one in counts):,}"
    wrong = [(name, count) for name, _, count in counts if count]
    if not wrong:
        return say("check.clean", checked=checked)
    names = ", ".join(f"{name} {count:,}" for name, count in wrong)
    return say("check.drifted", wrong=f"{sum(n for _, n in wrong):,}", checked=checked, names=names)


def _sentence(name: str, say: Words) -> str:
    return say.get(f"invariant.{name}", name)


def _show(findings: Sequence[Finding], say: Words) -> None:
    from connectors.checks import EXAMPLES  # noqa: PLC0415 - slow to import, needed only here

    table = shown.table(
        [
            (say("check.invariant"), "<"),
            *((say(f"column.{name}"), ">") for name in ("checked", "wrong", "drift", "took")),
        ]
    )
    for one in findings:
        counts = (shown.number(one.checked), shown.number(one.wrong), shown.number(one.drift))
        table.add_row(_sentence(one.name, say), *counts, shown.seconds(one.duration_ms / 1000))
    shown.show(table, "")
    if any(one.wrong for one in findings):
        shown.say_line(say("check.differences", most=EXAMPLES))
        shown.show(_differences(findings, say), "")
    verdict = _verdict([(one.name, one.checked, one.wrong) for one in findings], say)
    shown.say_line(verdict)


def _differences(findings: Sequence[Finding], say: Words) -> Table:
    from flows.telling import key_of  # noqa: PLC0415 - slow to import, needed only here

    table = shown.table(
        [
            (say("check.invariant"), "<"),
            (say("check.key"), "<"),
            (say("check.found"), ">"),
            (say("check.expected"), ">"),
        ]
    )
    for one in findings:
        for pair in one.worst:
            table.add_row(one.name, key_of(pair), pair["found"], pair["expected"])
    return table
