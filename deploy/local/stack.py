"""The local stack: Apache Kafka and PostgreSQL + TimescaleDB, without Docker and without root.

Enters: the folder `.waterline` of a clone. Leaves: two servers that outlive the command, their
logs in `logs/`, and `stack.json` (readable by its owner alone) with the ports and the password.
Starting twice is the same as once; after a crash or a reboot the data are used again. May fail
with `StackError`: a download, a port, a server's start.
"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local import kafka, ports, postgres, processes
from deploy.local.account import data_root, make_open, program_root, service_account
from deploy.local.debian import fetch_postgres, programs
from deploy.local.flow_processes import stop_processes
from deploy.local.jars import fetch_kafka
from deploy.local.java import find_java
from deploy.local.sentences import teller
from deploy.local.state import (
    KAFKA,
    POSTGRES,
    State,
    address,
    load,
    locked,
    opener,
    save,
    save_opener,
    state_file,
    with_ports,
)
from deploy.local.trouble import StackError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from deploy.local.account import Account
    from deploy.local.sentences import Tell

__all__ = [
    "KAFKA",
    "POSTGRES",
    "Endpoints",
    "Mirrors",
    "Service",
    "down",
    "endpoints",
    "psql",
    "recorded",
    "status",
    "up",
]
SERVICES = (KAFKA, POSTGRES)
NAMES = {KAFKA: "Apache Kafka", POSTGRES: "PostgreSQL + TimescaleDB"}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the running servers are; None for one that does not run here."""

    dsn: str | None
    brokers: str | None
    postgres_pid: int | None
    kafka_pid: int | None


@dataclass(frozen=True, slots=True)
class Mirrors:
    """Addresses to download from in place of Maven Central and of this machine's Debian mirror."""

    maven: str | None = None
    debian: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """One server as `status` shows it."""

    name: str
    running: bool
    pid: int | None
    address: str | None
    data: Path
    log: Path


def up(
    home: Path,
    say: Callable[[str], None],
    *,
    cache: Path | None = None,
    mirrors: Mirrors | None = None,
    services: Collection[str] = SERVICES,
    lang: str = "en",
) -> Endpoints:
    """Start what is not running of `services` under `home`; return where everything is.

    `cache` keeps downloads for all clones of a user (default ~/.cache/waterline).
    """
    home = home.absolute()
    with locked(home):
        account = service_account()
        state = load(home) or State(str(data_root(home, account)))
        running = {name: processes.find(_mark(name, state)) for name in services}
        missing = [name for name in services if running[name] is None]
        if missing:
            state = with_ports(state, missing)
            save(home, state)
            folder = _programs(home, cache, account)
            start = _Start(home, teller(say, lang), account, folder, mirrors, state)
            with ThreadPoolExecutor(len(missing)) as pool:
                trees = [tree for tree in pool.map(start.one, missing) if tree]
            if trees:
                state = replace(state, tree=trees[0])
                save(home, state)
        if state.tree is not None:
            save_opener(home, state, programs(Path(state.tree)))
    found = endpoints(home)
    if found is None:
        raise StackError(f"the stack ended at once: look at {home / 'logs'}")
    return found


@dataclass(frozen=True, slots=True)
class _Start:
    """One start of the stack: what the two servers' threads share."""

    home: Path
    tell: Tell
    account: Account | None
    programs: Path
    mirrors: Mirrors | None
    state: State

    def one(self, service: str) -> str | None:
        """Fetch and start `service`; return the folder of PostgreSQL's programs."""
        if service == POSTGRES:
            return self.postgres()
        self.kafka()
        return None

    def postgres(self) -> str:
        """Start PostgreSQL; return the folder of its programs."""
        mirror = self.mirrors.debian if self.mirrors else None
        tree = fetch_postgres(self.programs, self.tell, mirror)
        port = self.state.postgres_port or postgres.PORT
        data, log = self.state.data(POSTGRES), _log(self.home, POSTGRES)
        self.tell("start", name=NAMES[POSTGRES], port=port)
        postgres.start(postgres.Server(tree, data, log, port, self.state.password, self.account))
        return str(tree)

    def kafka(self) -> None:
        """Start Kafka."""
        mirror = self.mirrors.maven if self.mirrors else None
        jars = fetch_kafka(self.programs, self.tell, mirror)
        java = find_java(self.programs, self.tell, self.account)
        port = self.state.kafka_port or kafka.PORT
        controller = self.state.controller_port or kafka.CONTROLLER_PORT
        data, log = self.state.data(KAFKA), _log(self.home, KAFKA)
        self.tell("start", name=NAMES[KAFKA], port=port)
        kafka.start(kafka.Broker(java, jars, data, log, port, controller, self.account))


def down(home: Path, say: Callable[[str], None], *, purge: bool = False, lang: str = "en") -> None:
    """Stop Waterline's processes, then both servers; `purge` deletes the data and logs too."""
    home = home.absolute()
    if not home.is_dir():
        return
    tell = teller(say, lang)
    with locked(home):
        stop_processes(home, tell)
        state = _state_to_leave(home, purge=purge)
        if state is not None:
            with ThreadPoolExecutor(len(SERVICES)) as pool:
                list(pool.map(lambda name: _stop(name, state, tell), SERVICES))
        if purge:
            _purge(home, state)
            tell("purge", folder=home)


def _state_to_leave(home: Path, *, purge: bool) -> State | None:
    """Return what `stack.json` says; of a broken one a purge needs no more than the folder."""
    try:
        return load(home)
    except StackError:
        if not purge:
            raise
        return State(str(data_root(home, service_account())))


def _purge(home: Path, state: State | None) -> None:
    """Delete the servers' data, the logs, and what the replay keeps to go on later."""
    shutil.rmtree(home / "logs", ignore_errors=True)
    for kept in (home / "run").glob("*replay.*"):
        kept.unlink(missing_ok=True)
    if state is None:
        return
    for name in SERVICES:
        shutil.rmtree(state.data(name), ignore_errors=True)
    for file in (state_file(home), opener(home), home / "pgpass"):
        file.unlink(missing_ok=True)
    if Path(state.root) != home:
        shutil.rmtree(state.root, ignore_errors=True)


def endpoints(home: Path) -> Endpoints | None:
    """Return where the servers of `home` are; None if neither runs."""
    try:
        state = load(home.absolute())
    except StackError:
        return None
    if state is None:
        return None
    pids = {name: processes.find(_mark(name, state)) for name in SERVICES}
    if not any(pids.values()):
        return None
    dsn, brokers = address(POSTGRES, state), address(KAFKA, state)
    return Endpoints(
        dsn if pids[POSTGRES] else None,
        brokers if pids[KAFKA] else None,
        pids[POSTGRES],
        pids[KAFKA],
    )


def recorded(home: Path) -> tuple[str | None, str | None]:
    """Return the DSN and the brokers of the last start of `home`, running or not."""
    state = load(home.absolute())
    if state is None:
        return None, None
    dsn = address(POSTGRES, state) if state.postgres_port else None
    return dsn, address(KAFKA, state) if state.kafka_port else None


def status(home: Path) -> list[Service]:
    """Return what runs of the stack of `home`; an empty list if it was never started."""
    home = home.absolute()
    state = load(home)
    if state is None:
        return []
    rows = []
    for name in SERVICES:
        pid = processes.find(_mark(name, state))
        port = state.postgres_port if name == POSTGRES else state.kafka_port
        where = f"{ports.HOST}:{port}" if pid else None
        rows.append(Service(name, pid is not None, pid, where, state.data(name), _log(home, name)))
    return rows


def psql(home: Path) -> Path | None:
    """Return the script that opens psql on the server of `home`."""
    script = opener(home.absolute())
    return script if script.is_file() else None


def _mark(service: str, state: State) -> str:
    data = state.data(service)
    return postgres.mark(data) if service == POSTGRES else kafka.mark(data)


def _log(home: Path, service: str) -> Path:
    return home / "logs" / f"{service}.log"


def _programs(home: Path, cache: Path | None, account: Account | None) -> Path:
    """Return the folder for downloads; a user without a writable home gets one in this clone."""
    wanted = cache or Path.home() / ".cache" / "waterline"
    wanted = program_root(wanted.absolute(), account)
    try:
        make_open(wanted)
    except OSError as error:
        if cache is not None:
            raise StackError(f"WATERLINE_CACHE: cannot make {wanted}: {error.strerror}") from error
        wanted = home / "cache"
        make_open(wanted)
    return wanted


def _stop(service: str, state: State, tell: Tell) -> None:
    pid = processes.find(_mark(service, state))
    if pid is None:
        return
    stop = postgres.stop if service == POSTGRES else kafka.stop
    stop(pid, state.data(service))
    tell("stop", name=NAMES[service])
