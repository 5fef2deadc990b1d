"""`waterline retention`: let go of old rows now, or tell what would go.

Enters: table `retention`. Leaves: a line per table, or one JSON document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.commands import shown
from flows.words import words

if TYPE_CHECKING:
    import argparse

    from flows.commands.parser import Subparsers
    from flows.settings import Settings


def register(subparsers: Subparsers) -> None:
    """Add `waterline retention`."""
    parser = subparsers.add_parser(
        "retention",
        epilog="examples:\n  waterline retention --dry-run\n  waterline retention --json",
    )
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Let go, or tell."""
    import msgspec  # noqa: PLC0415 - needed only here

    from flows.retention import retain  # noqa: PLC0415 - needed only here

    say = words(settings.lang)
    done = retain(settings, dry_run=args.dry_run)
    if args.json:
        shown.as_json([msgspec.structs.asdict(one) for one in done])
        return 0
    table = shown.table(
        [
            (say("retention.table"), "<"),
            (say("retention.days"), ">"),
            (say("retention.before"), "<"),
            (say("retention.chunks"), ">"),
            (say("retention.rows"), ">"),
        ]
    )
    for one in done:
        days = say("retention.for_ever") if one.keep_days is None else shown.number(one.keep_days)
        before = shown.local(one.before, settings.tz)
        table.add_row(one.relation, days, before, shown.number(one.chunks), shown.number(one.rows))
    shown.show(table)
    shown.say_line(say("retention.all"))
    what = sum(one.chunks for one in done), sum(one.rows for one in done)
    sentence = "retention.would" if args.dry_run else "retention.done"
    shown.say_line(say(sentence, chunks=f"{what[0]:,}", rows=f"{what[1]:,}"))
    return 0
