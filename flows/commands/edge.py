"""`waterline edge`: keep scans at a warehouse and forward them when the network allows it.

Enters: scans (HTTP, a watched folder, standard input), the settings. Leaves: messages on
`wms.scans`; `edge status` tells what waits, `edge prove` whether everything arrived (exit code 1
when something is missing). Fails with one sentence when the store or the port cannot be had; a
broker that is away is not a failure.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.addresses import host_port, loopback
from connectors.edge import Plan, Station, report
from connectors.edge.scan import ranges
from connectors.trouble import Trouble, one_line
from flows.commands import shown
from flows.commands.edge_reading import Reading
from flows.commands.look import positive
from flows.settings import LANGUAGES
from flows.words import words

if TYPE_CHECKING:
    from types import FrameType

    from flows.commands.parser import Subparsers
    from flows.settings import Settings

ACTIONS = ("run", "status", "prove")
PORT = 8787
NAME_LENGTH = 100
EXAMPLE = """examples:
  waterline edge --name SHA-1 --warehouse SHA          takes scans on 127.0.0.1:8787
  waterline edge --name SHA-1 --folder /srv/scans      and no HTTP
  waterline edge status
  waterline edge prove
"""
# What connectors.edge says: it has no catalogue, so its ids are named here.
SAID = (
    "edge.online", "edge.offline", "edge.listens", "edge.watches", "edge.no_room", "edge.closed",
    "edge.owned", "edge.no_store", "edge.no_such_store", "edge.conflict", "edge.seq_taken",
    "edge.seq_spent", "edge.empty", "edge.count", "edge.full", "edge.failed", "edge.no_such_path",
    "edge.wrong_host", "edge.browser", "edge.token", "edge.no_length", "edge.too_large",
    "edge.state.online", "edge.state.offline", "edge.state.starting", "edge.state.stopped",
)  # fmt: skip


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("edge", epilog=EXAMPLE)
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="run", metavar="ACTION")
    parser.add_argument("--store", type=Path, metavar="FILE")
    parser.add_argument("--name", default=socket.gethostname()[:NAME_LENGTH])
    parser.add_argument("--warehouse")
    parser.add_argument("--listen", type=address, metavar="HOST:PORT")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--stdin", action="store_true")
    parser.add_argument("--drain-rate", type=positive, default=200, metavar="N")
    parser.add_argument("--keep-days", type=positive, default=14, metavar="N")
    parser.add_argument("--max-mb", type=positive, metavar="N")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def address(text: str) -> tuple[str, int]:
    """Return (host, port) of a text such as 127.0.0.1:8787, for argparse."""
    try:
        return host_port(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def both(sentence: str, /, **values: object) -> Mapping[str, str]:
    """Return a sentence in each language."""
    return {lang: words(lang)(sentence, **values) for lang in LANGUAGES}


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Run the edge, or tell of one."""
    store = (args.store or settings.home / "edge" / "edge.db").absolute()
    if args.action == "status":
        return tell_status(store, settings, as_json=args.json)
    if args.action == "prove":
        return tell_proof(store, settings, as_json=args.json)
    return forward(_plan(args, settings, store), settings)


def _plan(args: argparse.Namespace, settings: Settings, store: Path) -> Plan:
    say = words(settings.lang)
    token = settings.edge_token
    listen = args.listen
    if listen is None and args.folder is None and not args.stdin:
        listen = ("127.0.0.1", PORT)
    if listen is not None and not loopback(listen[0]) and token is None:
        raise Trouble(say("edge.token_needed", host=listen[0]), exit_code=2)
    if not args.name.strip() or len(args.name) > NAME_LENGTH or not args.name.isprintable():
        raise Trouble(say("edge.bad_name", most=NAME_LENGTH), exit_code=2)
    return Plan(
        store=store,
        name=args.name,
        brokers=settings.need_brokers(),
        read=Reading(args.name, args.warehouse),
        say=both,
        prefix=settings.topic_prefix,
        lang=settings.lang,
        listen=listen,
        token=token,
        folder=args.folder,
        pipe=sys.stdin.fileno() if args.stdin else None,
        drain_rate=args.drain_rate,
        keep_days=args.keep_days,
        max_mb=args.max_mb,
    )


def forward(plan: Plan, settings: Settings) -> int:
    """Run until a signal, or the end of standard input."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    signal.signal(signal.SIGIO, signal.SIG_IGN)  # sent when a file's lease is wanted by another
    log = logging.getLogger("waterline.edge")
    station = Station(plan, log.info, _answer)
    log.info("%s", words(settings.lang)("edge.runs", name=plan.name, store=plan.store))
    station.run(ended.is_set)
    return 0


def _answer(answer: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def tell_status(store: Path, settings: Settings, *, as_json: bool) -> int:
    """Show what waits and what was sent."""
    found = report.status(store, both, settings.lang)
    if as_json:
        shown.as_json(found)
        return 0
    say = words(settings.lang)
    state = say(f"edge.state.{found['state']}")
    shown.say_line(say("edge.is", name=found["name"], state=state, since=found["since"] or "–"))
    oldest = shown.seconds(found["oldest_waiting_seconds"]) if found["waiting"] else "–"
    shown.say_line(say("edge.waits", count=found["waiting"], oldest=oldest))
    shown.say_line(say("edge.sent", count=found["sent"], refused=found["refused"]))
    if found["devices"]:
        shown.show(_devices(found["devices"], settings))
    return 0


def _devices(devices: list[dict[str, Any]], settings: Settings) -> Any:
    say = words(settings.lang)
    table = shown.table(
        [
            (say("edge.column.device"), "<"),
            (say("edge.column.kept"), ">"),
            (say("edge.column.sent"), ">"),
            (say("edge.column.last"), ">"),
            (say("edge.column.holes"), "<"),
        ]
    )
    for one in devices:
        holes = ranges(one["holes"]) or "–"
        table.add_row(
            one["device"], f"{one['kept']:,}", f"{one['sent']:,}", f"{one['last']}", holes
        )
    return table


def tell_proof(store: Path, settings: Settings, *, as_json: bool) -> int:
    """Show per device how many arrived; 1 when something is missing."""
    say = words(settings.lang)
    seen, why = _seen(store, settings)
    proofs = report.prove(store, seen, both, settings.lang)
    kept, acknowledged = report.foreign(store, both, settings.lang)
    whole = kept == acknowledged and not any(one.missing for one in proofs)
    if as_json:
        shown.as_json(
            {
                "by": "broker" if seen is None else "database",
                "complete": whole,
                "devices": [
                    {"device": p.device, "kept": p.kept, "arrived": p.arrived, "missing": p.missing}
                    for p in proofs
                ],
                "foreign": {"kept": kept, "acknowledged": acknowledged},
            }
        )
        return 0 if whole else 1
    shown.say_line(say("edge.by_broker", why=why) if seen is None else say("edge.by_database"))
    for one in proofs:
        line = say("edge.arrived", device=one.device, arrived=one.arrived, kept=one.kept)
        if one.missing:
            line = say("edge.missing", told=line, numbers=ranges(one.missing))
        shown.say_line(line)
    if kept:
        shown.say_line(say("edge.foreign", acknowledged=acknowledged, kept=kept))
    if not proofs and not kept:
        shown.say_line(say("edge.nothing"))
    return 0 if whole else 1


def _seen(store: Path, settings: Settings) -> tuple[dict[str, report.Pairs] | None, str]:
    """Return the numbers that the centre has, or None and why it cannot be asked."""
    from psycopg import Error  # noqa: PLC0415 - the running edge needs no database

    if settings.dsn is None:
        return None, words(settings.lang)("edge.no_dsn")
    names = [one.device for one in report.prove(store, None, both, settings.lang)]
    try:
        return report.seen_by_centre(settings.dsn, names), ""
    except (Error, Trouble) as error:
        return None, one_line(error)
