"""`waterline migrate`: schema, roles, views, functions, grants; running it again changes nothing.

Enters: the database of the settings and the project's `sql` folder. Leaves: the database up to
date and one line that says what was done. May fail with Trouble: see `connectors.migrate`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from connectors.migrate import MigrationReport
    from flows.commands.parser import Subparsers
    from flows.settings import Settings

SENTENCES = {
    "en": {
        "done": "database {name}: {applied} migrations applied, {before} were there before",
        "same": "database {name} is up to date ({before} migrations)",
        "frozen": "frozen: {count} migrations; from now on a change of the schema is a new file",
    },
    "zh-CN": {
        "done": "数据库 {name}：本次执行 {applied} 个迁移，此前已有 {before} 个",
        "same": "数据库 {name} 已是最新（{before} 个迁移）",
        "frozen": "已冻结 {count} 个迁移文件；此后修改表结构请新增文件",
    },
}


def register(subparsers: Subparsers) -> None:
    """Add `waterline migrate`."""
    migrate = subparsers.add_parser(
        "migrate",
        epilog="examples:\n"
        "  waterline migrate\n"
        "  WATERLINE_DSN=postgresql://admin@db.example/waterline waterline migrate",
    )
    migrate.add_argument(
        "--freeze",
        action="store_true",
        help="for a release: record the sums of all migrations in sql/migrations/frozen.txt",
    )
    migrate.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Migrate, or freeze what a release ships."""
    from connectors import migrate  # noqa: PLC0415 - slow to import, needed only here

    say = SENTENCES[settings.lang]
    if args.freeze:
        sys.stdout.write(say["frozen"].format(count=migrate.freeze(migrate.SQL)) + "\n")
        return 0
    report = migrate.migrate(settings.need_dsn(), migrate.SQL, _tell)
    sys.stdout.write(sentence(report, say) + "\n")
    return 0


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def sentence(report: MigrationReport, say: dict[str, str]) -> str:
    """Return what a run did, in one line."""
    return say["done" if report.applied else "same"].format(
        name=report.database, applied=len(report.applied), before=report.before
    )
