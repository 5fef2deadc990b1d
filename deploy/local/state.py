"""What the stack remembers between starts, in `stack.json`, readable by its owner alone.

Enters: the folder `.waterline`. Leaves: the ports, the password and the folders of the servers.
May fail: an unreadable or broken file. Only one command at a time changes it.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shlex
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.local import kafka, ports, postgres
from deploy.local.account import make_open
from deploy.local.trouble import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator

KAFKA = "kafka"
POSTGRES = "postgres"


@dataclass(frozen=True, slots=True)
class State:
    """What `stack.json` keeps between starts."""

    root: str
    password: str = field(default_factory=lambda: secrets.token_hex(24))
    postgres_port: int | None = None
    kafka_port: int | None = None
    controller_port: int | None = None
    tree: str | None = None

    def data(self, service: str) -> Path:
        """Return the data folder of `service`."""
        return Path(self.root) / service


def address(service: str, state: State) -> str:
    """Return the DSN of PostgreSQL, or the brokers of Kafka."""
    if service == POSTGRES:
        return postgres.dsn(state.postgres_port or postgres.PORT, state.password)
    return f"{ports.HOST}:{state.kafka_port or kafka.PORT}"


def state_file(home: Path) -> Path:
    """Return the path of `stack.json`."""
    return home / "stack.json"


def with_ports(state: State, missing: list[str]) -> State:
    """Give each server that is to start its port of last time, the usual one, or a free one."""
    if POSTGRES in missing:
        port = ports.choose((state.postgres_port, postgres.PORT))
        state = replace(state, postgres_port=port)
    if KAFKA in missing:
        broker = ports.choose((state.kafka_port, kafka.PORT), {state.postgres_port or 0})
        usual = (state.controller_port, kafka.CONTROLLER_PORT)
        controller = ports.choose(usual, {broker, state.postgres_port or 0})
        state = replace(state, kafka_port=broker, controller_port=controller)
    return state


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Keep two starts or stops of one stack from running at once."""
    try:
        make_open(home)
        handle = (home / "stack.lock").open("w")
    except OSError as error:
        raise StackError(f"cannot write {home}: {error.strerror}") from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def load(home: Path) -> State | None:
    """Return what `stack.json` says; None if the stack was never started."""
    path = state_file(home)
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
        return State(**{key: found[key] for key in State.__dataclass_fields__ if key in found})
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StackError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise StackError(f"{path} is broken: delete it, or `waterline down --purge`") from error


def opener(home: Path) -> Path:
    """Return the path of the script that opens psql without showing the password to anybody."""
    return home / "psql"


def save_opener(home: Path, state: State, programs: Path) -> None:
    """Write `pgpass` and the script `psql` that uses it, for their owner alone."""
    where = postgres.place(state.postgres_port or postgres.PORT)
    host, port, user, database = where
    _write(home / "pgpass", f"{host}:{port}:*:{user}:{state.password}\n", 0o600)
    script = (
        "#!/bin/sh\n"
        f"export PGPASSFILE={shlex.quote(str(home / 'pgpass'))}\n"
        f"exec {shlex.quote(str(programs / 'psql'))} -h {host} -p {port} -U {user}"
        f' -d {database} "$@"\n'
    )
    _write(opener(home), script, 0o700)


def save(home: Path, state: State) -> None:
    """Write `stack.json` whole or not at all, for its owner alone."""
    document = asdict(state) | {
        "dsn": address(POSTGRES, state) if state.postgres_port else None,
        "brokers": address(KAFKA, state) if state.kafka_port else None,
    }
    _write(state_file(home), json.dumps(document, indent=2) + "\n", 0o600)


def _write(path: Path, content: str, mode: int) -> None:
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as target:
        target.write(content)
    part.replace(path)
