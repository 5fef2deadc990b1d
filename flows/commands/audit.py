"""`waterline audit`: fold the whole log again and compare it with the live tables.

Enters: the database and the log of the settings. Leaves: a table of differences and exit code 1
when there are any, 0 when there are none.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows.commands import checks, shown
from flows.commands.times import moment
from flows.words import words

if TYPE_CHECKING:
    import argparse

    from flows.audit import Difference, Report, Since
    from flows.commands.parser import Subparsers
    from flows.settings import Settings

EXAMPLES = """examples:
  waterline audit
  waterline audit --since last
  waterline audit --since 2026-11-22T08:00 --json
"""
SHOWN = 20
"""Differences of one table that a person is shown."""


def register(subparsers: Subparsers) -> None:
    """Add `waterline audit`."""
    audit = subparsers.add_parser("audit", epilog=EXAMPLES)
    audit.add_argument("--since", metavar="TIME")
    audit.add_argument("--json", action="store_true")
    audit.set_defaults(run=run)
    checks.register(subparsers)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Compare; exit code 1 when anything differs."""
    from flows.audit import audit  # noqa: PLC0415 - slow to import, needed only here

    settings.need_dsn(), settings.need_brokers()
    since = _since(args.since, settings)
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=args.json or not console.is_terminal,
    ) as bars:
        tasks: dict[int, Any] = {}

        def progress(partition: int, done: int, total: int) -> None:
            if partition not in tasks:
                tasks[partition] = bars.add_task(f"inventory.events/{partition}", total=total)
            bars.update(tasks[partition], completed=done)

        report = audit(settings, progress, since=since, save=True)
    if since is not None or report.unsaved:
        _tell_base(report, args.since, settings)
    if args.json:
        sys.stdout.write(msgspec.json.encode(_document(report, args.since)).decode() + "\n")
    else:
        _show(report, settings)
    return 1 if report.differing else 0


def _since(text: str | None, settings: Settings) -> Since | None:
    if text is None or text == "last":
        return text  # type: ignore[return-value]  # narrower than mypy sees
    return moment(text, "--since", settings)


def _tell_base(report: Report, since: str | None, settings: Settings) -> None:
    """Say on standard error what the fold began with, when that is not what was asked for."""
    say = words(settings.lang)
    if report.unsaved:
        sys.stderr.write(say("audit.unsaved", why=report.unsaved) + "\n")
    if since is None:
        return
    if report.unused:
        at, why = report.unused
        shown_at = shown.local(at, settings.tz, to="seconds")
        sys.stderr.write(say("audit.unused", at=shown_at, why=say.get(why, why)) + "\n")
    if report.from_state is None:
        sys.stderr.write(say("audit.no_state", since=since) + "\n")


def _document(report: Report, since: str | None) -> dict[str, Any]:
    used = report.from_state
    return {
        "clean": not report.differing,
        "messages": report.messages,
        "since": since,
        "folded": report.folded,
        "from_state": None
        if used is None
        else {"at": used.at, "taken_at": used.taken_at, "messages": used.messages},
        "saved": None if report.saved is None else str(report.saved),
        "rows": report.rows,
        "differing": report.differing,
        "differences": [
            {
                "table": one.table,
                "key": [str(part) for part in one.key],
                "columns": {
                    name: {"live": live, "expected": expected}
                    for name, live, expected in _changed(one)
                },
            }
            for one in report.differences
        ],
    }


def _changed(one: Difference) -> list[tuple[str, str | None, str | None]]:
    nothing = (None,) * len(one.columns)
    pairs = zip(one.columns, one.live or nothing, one.expected or nothing, strict=True)
    return [
        (name, None if a is None else str(a), None if b is None else str(b))
        for name, a, b in pairs
        if a != b
    ]


def _show(report: Report, settings: Settings) -> None:
    say = words(settings.lang)
    rows = sum(report.rows.values())
    if not report.differing:
        sums = {"messages": f"{report.folded:,}", "rows": f"{rows:,}"}
        used = report.from_state
        if used is None:
            sentence = say("audit.clean", **sums)
        else:
            at = shown.local(used.at, settings.tz, to="seconds")
            sentence = say("audit.clean_since", **sums, at=at, before=f"{used.messages:,}")
        sys.stdout.write(sentence + "\n")
        return
    table = Table(title=say("audit.differences"))
    for name in ("table", "key", "column", "live", "expected"):
        table.add_column(say(f"audit.{name}"), overflow="fold")
    for name in report.differing:
        ones = [one for one in report.differences if one.table == name][:SHOWN]
        for one in ones:
            for column, live, expected in _changed(one):
                key = " / ".join(map(str, one.key))
                table.add_row(one.table, key, column, live or "–", expected or "–")
    Console().print(table)
    counts = ", ".join(f"{name} {count:,}" for name, count in report.differing.items())
    sys.stdout.write(say("audit.found", counts=counts, messages=f"{report.folded:,}") + "\n")
