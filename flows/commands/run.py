"""`waterline run`: the flows as processes, in the foreground, in the background or to their end.

Enters: names of flows, the settings. Before anything starts, the schema is brought up to date
and the topics are made. Leaves: exit code 0 when stopped or drained, 3 when a flow stopped on
purpose (reject limit, offset gone, fenced). Pid files and the supervisor's record are in
`.waterline/run/`, logs of background flows in `.waterline/logs/`. While it runs, /health and
/metrics are answered on the loopback.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from connectors.migrate import SQL, migrate
from connectors.queries import connect
from connectors.session import passing
from connectors.trouble import NoAnswer, Trouble
from flows import cluster
from flows.commands import members, shown
from flows.commands.look import positive
from flows.commands.members import Plan, plan_of, renewal
from flows.commands.monitor import monitored
from flows.commands.record import Record
from flows.commands.sentences import foreseen, sentence_of
from flows.commands.supervise import Child, Supervisor
from flows.settings import environment_of_children
from flows.stopping import Stop
from flows.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from flows.commands.monitor import Monitor
    from flows.commands.parser import Subparsers
    from flows.settings import Settings

python = members.python
FLOWS = ("intake", "stock", "clock", "relay")
DRAINED = ("intake", "stock")
PROCESSES = min(2, os.cpu_count() or 1)
"""Processes of the stock flow: one keeps a core busy, the database half of another."""
TELL_EVERY = 10.0
"""Seconds between two lines that say what is waited for."""
MOST_FAILURES = 5
"""How often a flow may die in a row while draining: a drain must come to an end."""


def register(subparsers: Subparsers) -> None:
    """Add `run`, and `flow`, which is one flow in this process."""
    run = subparsers.add_parser(
        "run",
        epilog="examples:\n  waterline run\n  waterline run intake stock --drain\n"
        "  waterline run --background\n  waterline run stock --processes 4 --cluster\n"
        "  waterline run stock --addresses 10.0.0.5:2101,10.0.0.6:2101 --process-id 0"
        " --private-network",
    )
    run.add_argument("names", nargs="*", metavar="FLOW")
    run.add_argument("--drain", action="store_true")
    run.add_argument("--background", action="store_true")
    run.add_argument("--processes", type=positive, default=PROCESSES, metavar="N")
    run.add_argument("--cluster", action="store_true")
    run.add_argument("--addresses", metavar="HOST:PORT,…")
    run.add_argument("--process-id", metavar="N[,N…]")
    run.add_argument("--private-network", action="store_true")
    run.add_argument("--to-logs", action="store_true", help=argparse.SUPPRESS)
    run.set_defaults(run=run_flows)
    flow = subparsers.add_parser("flow", epilog="example: waterline flow stock --drain")
    flow.add_argument("name", choices=FLOWS)
    flow.add_argument("--drain", action="store_true")
    flow.add_argument("--share", type=share_of, metavar="N/OF", help=argparse.SUPPRESS)
    flow.add_argument("--addresses", help=argparse.SUPPRESS)
    flow.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    flow.set_defaults(run=run_one)


def share_of(text: str) -> tuple[int, int]:
    """Return (n from 0, of) of a text such as 1/2, for argparse."""
    number, _, of = text.partition("/")
    if not (number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError(f"a share is N/OF such as 1/2, not {text!r}")
    return int(number) - 1, int(of)


def run_flows(args: argparse.Namespace, settings: Settings) -> int:
    """Run the named flows, or all."""
    names = _names(args, settings)
    plan = plan_of(args, settings)
    if args.background:
        _fits(names, plan, prepare(settings), settings)
        return start_background(names, settings, plan)
    record = Record(settings, names)
    limit = MOST_FAILURES if args.drain else 0
    supervisor = Supervisor(_teller(settings), limit, record.write, renewal(plan))
    supervisor.obey_signals()
    partitions = prepare(settings) if args.drain else _waited(settings, supervisor.stopping)
    if partitions is None:
        return 0
    _fits(names, plan, partitions, settings)
    monitor = None if args.drain else _monitor(settings, record, names)
    try:
        if args.drain:
            return _drain(supervisor, names, settings, plan, record)
        found = _children(names, settings, plan, to_log=args.to_logs)
        record.expect(found)
        return supervisor.run(found)
    finally:
        if monitor is not None:
            monitor.close()
        record.remove()


def _monitor(settings: Settings, record: Record, names: list[str]) -> Monitor | None:
    """Return what answers probes, and say where; without a free port the flows run all the same."""
    say = words(settings.lang)
    try:
        monitor = monitored(settings, record, names)
    except Trouble as trouble:
        shown.say_line(say("run.metrics_none", why=trouble))
        return None
    if monitor is not None and settings.metrics is not None:
        wanted = settings.metrics[1]
        if wanted not in {0, monitor.server.port}:
            shown.say_line(say("run.metrics_busy", port=wanted))
        shown.say_line(say("run.metrics", address=monitor.server.address))
    sys.stdout.flush()
    return monitor


def _fits(names: list[str], plan: Plan, partitions: int, settings: Settings) -> None:
    """Raise Trouble when the plan does not suit the log or the flows."""
    say = words(settings.lang)
    if plan.of > partitions:
        raise Trouble(say("run.too_many", of=plan.of, partitions=partitions), exit_code=2)
    if plan.addresses and names != ["stock"]:
        raise Trouble(say("run.member_is_stock"), exit_code=2)


def _names(args: argparse.Namespace, settings: Settings) -> list[str]:
    say = words(settings.lang)
    for name in args.names:
        if name not in FLOWS:
            known = ", ".join(FLOWS)
            raise Trouble(say("run.no_flow", name=name, known=known), exit_code=2)
    if args.drain and args.background:
        raise Trouble(say("run.drain_or_background"), exit_code=2)
    wanted = args.names or (DRAINED if args.drain else FLOWS)
    return [name for name in FLOWS if name in wanted]


def prepare(settings: Settings) -> int:
    """Run what is new of the migrations, and make the topics that are missing.

    Return how many partitions the log has.
    """
    from connectors import kafka  # noqa: PLC0415 - slow to import, needed only here

    dsn = settings.need_dsn()
    if not _up_to_date(dsn):
        migrate(dsn, SQL, shown.say_line)
    return kafka.ensure_topics(settings.need_brokers(), settings.topic_prefix)[kafka.LOG]


def _waited(settings: Settings, stopping: threading.Event) -> int | None:
    """Prepare as soon as database and broker answer; None when told to stop before that."""
    say, told = words(settings.lang), 0.0
    while True:
        try:
            return prepare(settings)
        except (psycopg.OperationalError, NoAnswer) as error:
            if isinstance(error, psycopg.Error) and not passing(error):
                raise
            if time.monotonic() - told >= TELL_EVERY:
                shown.say_line(say("run.waits", why=sentence_of(error)[0]))
                sys.stdout.flush()
                told = time.monotonic()
        if stopping.wait(1.0):
            return None


def _up_to_date(dsn: str) -> bool:
    """Return whether no file of `sql/migrations` is new to the database.

    A role that may not read the list of migrations cannot migrate either: it goes on.
    """
    files = {file.name for file in (SQL / "migrations").glob("[0-9]*.sql")}
    with connect(dsn) as database:
        try:
            rows = database.execute("select name from inventory.schema_migrations").fetchall()
        except psycopg.errors.InsufficientPrivilege:
            return True
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            return False
    return files <= {row["name"] for row in rows}


def _drain(
    supervisor: Supervisor, names: list[str], settings: Settings, plan: Plan, record: Record
) -> int:
    """Let what writes the log end while stock runs; then let stock read the log to its end.

    Then what that gave the relay to send; its decisions on the log are read last.
    """
    writers = _children([name for name in names if name in {"intake", "clock"}], settings, plan)
    stock = _children(["stock"] if "stock" in names and writers else [], settings, plan)
    record.expect([*writers, *stock])
    for child in writers:
        child.command = [*child.command, "--drain"]
    if writers:
        code = supervisor.run([*writers, *stock], until=writers)
        if code or supervisor.stopping.is_set():
            supervisor.stop(stock)
            return code or 1
        supervisor.stop(stock)
    order = ("stock", "relay", "stock") if "relay" in names else ("stock",)
    for name in order:
        code = _to_its_end(supervisor, name, settings, plan, record) if name in names else 0
        if code:
            return code
    return 0


def _to_its_end(
    supervisor: Supervisor, name: str, settings: Settings, plan: Plan, record: Record
) -> int:
    children = _children([name], settings, plan)
    record.expect(children)
    for child in children:
        child.command = [*child.command, "--drain"]
    return supervisor.run(children) or int(supervisor.stopping.is_set())


def _children(
    names: Sequence[str], settings: Settings, plan: Plan, *, to_log: bool = False
) -> list[Child]:
    def pid_file(name: str) -> Path:
        file = pid_file_of(name, settings)
        return file.with_name(f"{file.stem}-{os.getpid()}.pid") if running(file) else file

    return [
        child
        for name in names
        for child in members.children(name, settings, plan, pid_file, to_log=to_log)
    ]


def pid_file_of(name: str, settings: Settings) -> Path:
    """Return where the pid of a flow is kept; each topic prefix is an installation of its own."""
    return settings.home / "run" / f"{settings.topic_prefix}{name}.pid"


def running(pid_file: Path) -> int | None:
    """Return the pid in the file when that process lives and is one of ours."""
    try:
        pid = int(pid_file.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if b"flows.cli" in command else None


def start_background(names: Sequence[str], settings: Settings, plan: Plan | None = None) -> int:
    """Start those flows that do not run yet under a supervisor of their own, and return."""
    say = words(settings.lang)
    wanted = [name for name in names if not _already(name, settings)]
    if not wanted:
        return 0
    logs = settings.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    file = pid_file_of(f"run-{'-'.join(wanted)}", settings)
    with (logs / f"{settings.topic_prefix}run.log").open("ab") as log:
        process = subprocess.Popen(
            [*python(), "run", *wanted, *(plan or Plan(PROCESSES)).options(), "--to-logs"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment_of_children(),
            start_new_session=True,
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{process.pid}\n")
    _wait_for(process, wanted, settings)
    for name in wanted:
        pid = running(pid_file_of(name, settings))
        log_file = logs / f"{settings.topic_prefix}{name}.log"
        shown.say_line(say("run.started", name=name, pid=pid, log=log_file))
    return 0


def _already(name: str, settings: Settings) -> bool:
    pid = running(pid_file_of(name, settings))
    if pid is not None:
        shown.say_line(words(settings.lang)("run.already", name=name, pid=pid))
    return pid is not None


def _wait_for(process: subprocess.Popen[bytes], wanted: Sequence[str], settings: Settings) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if all(running(pid_file_of(name, settings)) for name in wanted):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    log = settings.home / "logs" / f"{settings.topic_prefix}run.log"
    raise Trouble(words(settings.lang)("run.not_started", names=", ".join(wanted), log=log))


def _teller(settings: Settings) -> Callable[[str, Child, float], None]:
    say = words(settings.lang)

    def tell(what: str, child: Child, pause: float) -> None:
        shown.say_line(say(f"run.{what}", name=child.name, code=child.ended, pause=f"{pause:g}"))
        sys.stdout.flush()

    return tell


def run_one(args: argparse.Namespace, settings: Settings) -> int:
    """Run one flow in this process until it is told to stop, or its input is read."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stop = Stop()
    if args.parent:
        threading.Thread(target=_follow, args=(args.parent, stop), daemon=True).start()
    flow = importlib.import_module(f"flows.{args.name}")
    if args.name == "relay":
        return _run_relay(flow, settings, stop, drain=args.drain)
    from flows import steps  # noqa: PLC0415 - Bytewax is slow to import, needed only here

    member, more = None, {}
    if args.share and args.name == "stock":
        more = {"share": args.share, "together": bool(args.addresses)}
        if args.addresses:
            member = steps.Member(args.share[0], tuple(args.addresses.split(",")))
    try:
        ended = steps.run(flow.build(settings, stop, drain=args.drain, **more), stop, member)
    except Exception as error:
        if not foreseen(error):  # a mistake of ours: the log is read by those who mend it
            logging.getLogger("waterline").exception("flow %s", args.name)
        if member is not None:
            sentence, code = sentence_of(error)
            sys.stderr.write(f"waterline: {sentence}\n")
            cluster.leave(code)
        raise
    if not ended:
        cluster.leave(0)
    return 0


def _run_relay(flow: ModuleType, settings: Settings, stop: Stop, *, drain: bool) -> int:
    try:
        flow.run(settings, stop, drain=drain)
    except Exception as error:
        if not foreseen(error):
            logging.getLogger("waterline").exception("flow relay")
        raise
    return 0


def _follow(parent: int, stop: Stop) -> None:
    """End in order when the supervisor is gone: nobody would start or stop this any more."""
    while os.getppid() == parent:
        time.sleep(1.0)
    stop.request()
