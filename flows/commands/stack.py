"""`waterline up`, `down`, `status`: the local stack of this clone.

Enters: the settings; a database or brokers named by the environment are used as they are, and
only what is not named is started. Leaves: servers that outlive the command. May fail with
`StackError`: a download, a port, a start.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from deploy.local import stack
from deploy.local.flow_processes import running
from deploy.local.state import KAFKA, POSTGRES
from flows.commands import shown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from flows.commands.parser import Subparsers
    from flows.settings import Settings

SENTENCES = {
    "en": {
        "outside": "{name}: {variable} is set, so that one is used and none is started here",
        "ready": "{name} runs on {address}",
        "next": "Next:\n"
        '  eval "$(waterline up --env)"   WATERLINE_DSN and WATERLINE_BROKERS for this shell\n'
        '  {psql} "$WATERLINE_DSN"   look into the database\n'
        "  waterline status               what runs; logs are in {logs}\n"
        "  waterline down                 stop everything; data are kept",
        "nothing": "nothing of this stack runs",
        "stopped": "everything is stopped; the data in {home} are kept",
        "name": "what",
        "state": "state",
        "address": "address",
        "pid": "process",
        "log": "log",
        "running": "running",
        "down": "stopped",
        "given": "from {variable}",
    },
    "zh-CN": {
        "outside": "{name}：已设置 {variable}，直接使用，不在本机启动",
        "ready": "{name} 运行于 {address}",
        "next": "接下来：\n"
        '  eval "$(waterline up --env)"   在当前终端设置 WATERLINE_DSN 和 WATERLINE_BROKERS\n'
        '  {psql} "$WATERLINE_DSN"   查看数据库\n'
        "  waterline status               查看运行情况；日志在 {logs}\n"
        "  waterline down                 全部停止，数据保留",
        "nothing": "本机组件均未运行",
        "stopped": "已全部停止；{home} 中的数据保留",
        "name": "名称",
        "state": "状态",
        "address": "地址",
        "pid": "进程",
        "log": "日志",
        "running": "运行中",
        "down": "已停止",
        "given": "来自 {variable}",
    },
}
_VARIABLES = {KAFKA: "WATERLINE_BROKERS", POSTGRES: "WATERLINE_DSN"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of `waterline status`; `state` is running, down or given."""

    name: str
    state: str
    address: str | None = None
    pid: int | None = None
    log: str | None = None


def register(subparsers: Subparsers) -> None:
    """Add the three commands."""
    up = subparsers.add_parser(
        "up", epilog='examples:\n  waterline up\n  eval "$(waterline up --env)"'
    )
    up.add_argument(
        "--env", action="store_true", help="print only the export lines for a shell, on stdout"
    )
    up.set_defaults(run=run_up)
    down = subparsers.add_parser(
        "down", epilog="examples:\n  waterline down\n  waterline down --purge"
    )
    down.add_argument("--purge", action="store_true", help="delete the data and the logs as well")
    down.set_defaults(run=run_down)
    status = subparsers.add_parser("status", epilog="example: waterline status --json")
    status.add_argument("--json", action="store_true", help="one JSON document for programs")
    status.set_defaults(run=run_status)


def run_up(args: argparse.Namespace, settings: Settings) -> int:
    """Start what is missing and say where everything is."""
    ready = bring_up(settings, _to_stderr if args.env else shown.say_line)
    if args.env:
        shown.say_line(f"export WATERLINE_DSN={shlex.quote(ready.need_dsn())}")
        shown.say_line(f"export WATERLINE_BROKERS={shlex.quote(ready.need_brokers())}")
        return 0
    say = SENTENCES[settings.lang]
    for row in stack_rows(ready):
        if row.state == "running":
            shown.say_line(say["ready"].format(name=row.name, address=row.address))
    own = stack.psql(settings.home)
    psql = "psql" if own is None or shutil.which("psql") else str(own)
    shown.say_line(say["next"].format(psql=psql, logs=settings.home / "logs"))
    return 0


def run_down(args: argparse.Namespace, settings: Settings) -> int:
    """Stop the flows and the servers of this clone."""
    say = SENTENCES[settings.lang]
    ran = bool(stack.endpoints(settings.home) or running(settings.home))
    stack.down(settings.home, shown.say_line, purge=args.purge, lang=settings.lang)
    if not ran:
        shown.say_line(say["nothing"])
    elif not args.purge:
        shown.say_line(say["stopped"].format(home=settings.home))
    return 0


def run_status(args: argparse.Namespace, settings: Settings) -> int:
    """Show every row of `ROWS`."""
    rows = [row for part in ROWS for row in part(settings)]
    if args.json:
        shown.as_json([asdict(row) for row in rows])
        return 0
    say = SENTENCES[settings.lang]
    table = shown.table(
        [(say["name"], "!"), (say["state"], "<"), (say["address"], "!"), (say["pid"], ">")]
    )
    for row in rows:
        state = say[row.state].format(variable=_variable(row.name))
        table.add_row(row.name, state, row.address or "–", str(row.pid or "–"))
    shown.show(table)
    shown.say_line(f"{say['log']}: {settings.home / 'logs'}")
    return 0


def bring_up(settings: Settings, say: Callable[[str], None]) -> Settings:
    """Start what the environment does not name; return the settings with both addresses."""
    given = dict(_given(settings))
    words = SENTENCES[settings.lang]
    for service in given:
        variable = _VARIABLES[service]
        say(words["outside"].format(name=stack.NAMES[service], variable=variable))
    services = [service for service in stack.SERVICES if service not in given]
    if not services:
        return settings
    found = stack.up(
        settings.home,
        say,
        cache=settings.cache,
        mirrors=stack.Mirrors(
            os.environ.get("WATERLINE_MAVEN_URL"), os.environ.get("WATERLINE_DEBIAN_URL")
        ),
        services=services,
        lang=settings.lang,
    )
    return replace(
        settings,
        dsn=given.get(POSTGRES, found.dsn),
        brokers=given.get(KAFKA, found.brokers),
    )


def stack_rows(settings: Settings) -> list[Row]:
    """Return Kafka and PostgreSQL, ours or the environment's."""
    given = dict(_given(settings))
    own = {service.name: service for service in stack.status(settings.home)}
    rows = []
    for name in stack.SERVICES:
        shown_name = stack.NAMES[name]
        if name in given:
            rows.append(Row(shown_name, "given", _public(name, given[name])))
        elif name in own:
            one = own[name]
            state = "running" if one.running else "down"
            rows.append(Row(shown_name, state, one.address, one.pid, str(one.log)))
        else:
            rows.append(Row(shown_name, "down"))
    return rows


def process_rows(settings: Settings) -> list[Row]:
    """Return Waterline's own processes in the background."""
    return [Row(name, "running", pid=pid) for name, pid in running(settings.home).items()]


ROWS: list[Callable[[Settings], list[Row]]] = [stack_rows, process_rows]
"""What `waterline status` shows, in this order; another module may add its own."""


def _given(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the services that the environment names; this stack's own are not foreign."""
    own_dsn, own_brokers = stack.recorded(settings.home)
    if settings.dsn and settings.dsn != own_dsn:
        yield POSTGRES, settings.dsn
    if settings.brokers and settings.brokers != own_brokers:
        yield KAFKA, settings.brokers


def _public(service: str, address: str) -> str:
    """Return an address without user and password, however it is written."""
    if service == KAFKA:
        return address
    from psycopg import Error, conninfo  # noqa: PLC0415 - slow to import, needed only here

    try:
        parts = conninfo.conninfo_to_dict(address)
    except Error:
        return "?"
    return f"{parts.get('host', '')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"


def _variable(name: str) -> str:
    return next((_VARIABLES[key] for key, shown in stack.NAMES.items() if shown == name), "")


def _to_stderr(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
