"""`waterline migrate`: schema, roles, views, functions, grants; running it again changes nothing.

Enters: the database of the settings and the project's `sql` folder. Leaves: the database up to
date and one line that says what was done. May fail with Trouble: see `connectors.migrate`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flows.words import Words, words

if TYPE_CHECKING:
    import argparse

    from connectors.migrate import MigrationReport
    from flows.commands.parser import Subparsers
    from flows.settings import Settings


def register(subparsers: Subparsers) -> None:
    """Add `waterline migrate`."""
    migrate = subparsers.add_parser(
        "migrate",
        epilog="examples:\n"
        "  waterline migrate\n"
        "  WATERLINE_DSN=postgresql://admin@db.example/waterline waterline migrate",
    )
    migrate.add_argument("--freeze", action="store_true")
    migrate.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Migrate, or freeze what a release ships."""
    from connectors import migrate  # noqa: PLC0415 - slow to import, needed only here

    say = words(settings.lang)
    if args.freeze:
        _tell(say("migrate.frozen", count=migrate.freeze(migrate.SQL)))
        return 0
    report = migrate.migrate(settings.need_dsn(), migrate.SQL, _tell)
    _tell(sentence(report, say))
    return 0


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def sentence(report: MigrationReport, say: Words) -> str:
    """Return what a run did, in one line."""
    if not report.applied:
        return say("migrate.same", name=report.database, before=report.before)
    applied = len(report.applied)
    return say("migrate.done", name=report.database, applied=applied, before=report.before)
