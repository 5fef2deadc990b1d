"""`waterline up`, `down`, `status`: the local stack of this clone.

Enters: the settings; a database or brokers named by the environment are used as they are, and
only what is not named is started. Leaves: servers that outlive the command. May fail with
`StackError`: a download, a port, a start.
"""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from deploy.local import stack
from deploy.local.flow_processes import running
from deploy.local.state import KAFKA, POSTGRES
from flows.commands import checks, progress, shown, standing
from flows.words import Words, words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from rich.table import Table

    from flows.commands.parser import Subparsers
    from flows.settings import Settings

_STATES = {"running": "stack.running", "down": "stack.down", "given": "stack.given"}
_PROCESS_STATES = {
    "new": "process.new",
    "running": "process.running",
    "waiting": "process.waiting",
    "ended": "process.ended",
    "stopped": "process.stopped",
    "given_up": "process.given_up",
    "gone": "process.gone",
}
_VARIABLES = {KAFKA: "WATERLINE_BROKERS", POSTGRES: "WATERLINE_DSN"}

_JSON = """
--json: services[name, state, address, pid, log]
supervisors[supervisor, flows, started_at, metrics]
processes[name, state, pid, up_since, restarts, last_exit_code, last_exit_at, log, supervisor]
log[topic, log_partition, next_offset, end, behind, rate, age_seconds, owner, process, updated_at,
  clock_at, generation, warehouses, consumed, applied, repeats, rejects]
intake[topic, partition, next_offset, end, behind, rate, age_seconds, updated_at,
  consumed, events, ignored, rejects]
lag[kind, events, p50, p95, p99, share_over_1s, share_over_3s], invariants[…], problems[sentence]
null is unknown: the server that knows did not answer, and `problems` says which."""


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
    up.add_argument("--env", action="store_true")
    up.set_defaults(run=run_up)
    down = subparsers.add_parser(
        "down", epilog="examples:\n  waterline down\n  waterline down --purge"
    )
    down.add_argument("--purge", action="store_true")
    down.set_defaults(run=run_down)
    status = subparsers.add_parser("status", epilog=f"example: waterline status --json\n{_JSON}")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=run_status)


def run_up(args: argparse.Namespace, settings: Settings) -> int:
    """Start what is missing and say where everything is."""
    ready = bring_up(settings, _to_stderr if args.env else shown.say_line)
    if args.env:
        shown.say_line(f"export WATERLINE_DSN={shlex.quote(ready.need_dsn())}")
        shown.say_line(f"export WATERLINE_BROKERS={shlex.quote(ready.need_brokers())}")
        return 0
    say = words(settings.lang)
    for row in stack_rows(ready):
        if row.state == "running":
            shown.say_line(say("stack.ready", name=row.name, address=row.address))
    own = stack.psql(settings.home)
    psql = 'psql "$WATERLINE_DSN"' if own is None else os.path.relpath(own)
    shown.say_line(say("stack.next", psql=f"{psql:<30}", logs=settings.home / "logs"))
    return 0


def run_down(args: argparse.Namespace, settings: Settings) -> int:
    """Stop the flows and the servers of this clone."""
    say = words(settings.lang)
    ran = bool(stack.endpoints(settings.home) or running(settings.home))
    stack.down(settings.home, shown.say_line, purge=args.purge, lang=settings.lang)
    if not ran:
        shown.say_line(say("stack.nothing"))
    elif not args.purge:
        shown.say_line(say("stack.stopped", home=settings.home))
    return 0


def run_status(args: argparse.Namespace, settings: Settings) -> int:
    """Show what runs, and how far the flows have read where there is a database to ask."""
    found = standing.standing(settings)
    supervised = {one["pid"] for one in found["processes"]}
    supervised |= {one["supervisor"] for one in found["supervisors"]}
    rows = [*stack_rows(settings), *process_rows(settings)]
    if args.json:
        shown.as_json({"services": [asdict(row) for row in rows], **found})
        return 0
    say = words(settings.lang)
    _show_services([row for row in rows if row.pid not in supervised], say)
    if found["processes"]:
        shown.show("", say("process.title"), process_table(found["processes"], settings))
    for one in found["supervisors"]:
        if one["metrics"]:
            shown.say_line(say("run.metrics", address=one["metrics"]))
    shown.say_line(say("stack.logs", logs=settings.home / "logs"))
    shown.say_line("")
    _show_standing(found, settings)
    return 0


def _show_standing(found: dict[str, Any], settings: Settings) -> None:
    say = words(settings.lang)
    if found["log"] or found["intake"] or not found["problems"]:
        progress.show_progress(found, settings)
    if found["invariants"]:
        shown.show("", checks.round_line(found["invariants"], say))
        if any(row["wrong"] for row in found["invariants"]):
            shown.show(checks.round_table(found["invariants"], settings, say))
    for problem in found["problems"]:
        shown.say_line(problem)


def process_table(processes: Iterable[dict[str, Any]], settings: Settings) -> Table:
    """Return the table of the supervised processes."""
    say = words(settings.lang)
    table = shown.table(
        [
            (say("stack.name"), "!"),
            (say("process.pid"), ">"),
            (say("process.state"), "<"),
            (say("process.up_since"), "<"),
            (say("process.restarts"), ">"),
            (say("process.last_exit"), "<"),
        ]
    )
    for one in processes:
        last = "–"
        if one["last_exit_at"] is not None:
            last = f"{one['last_exit_code']}, {_local(one['last_exit_at'], settings)}"
        since = _local(one["up_since"], settings) if one["pid"] else "–"
        state = say(_PROCESS_STATES[one["state"]])
        pid = str(one["pid"] or "–")
        table.add_row(one["name"], pid, state, since, str(one["restarts"]), last)
    return table


def _local(text: str | None, settings: Settings) -> str:
    at = None if text is None else datetime.fromisoformat(text)
    return shown.local(at, settings.tz, to="seconds")


def _show_services(rows: Iterable[Row], say: Words) -> None:
    table = shown.table(
        [
            (say("stack.name"), "!"),
            (say("stack.state"), "<"),
            (say("stack.address"), "!"),
            (say("stack.pid"), ">"),
        ]
    )
    for row in rows:
        state = say(_STATES[row.state], variable=_variable(row.name))
        table.add_row(row.name, state, row.address or "–", str(row.pid or "–"))
    shown.show(table)


def bring_up(settings: Settings, tell: Callable[[str], None]) -> Settings:
    """Start what the environment does not name; return the settings with both addresses."""
    given = dict(_given(settings))
    say = words(settings.lang)
    for service in given:
        tell(say("stack.outside", name=stack.NAMES[service], variable=_VARIABLES[service]))
    services = [service for service in stack.SERVICES if service not in given]
    if not services:
        return settings
    found = stack.up(
        settings.home,
        tell,
        cache=settings.cache,
        mirrors=stack.Mirrors(settings.maven_url, settings.debian_url),
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
