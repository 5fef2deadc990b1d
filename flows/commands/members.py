"""Of which processes a flow is made: one, several with partitions of their own, or a cluster.

Enters: the options of `waterline run`. Leaves: children for the supervisor. Independent processes
share nothing but the database; the members of a cluster share Bytewax's progress, at addresses
that only the loopback can reach unless all of the network is said to be private: what listens
there unpickles whatever it is sent.
"""

from __future__ import annotations

import itertools
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.trouble import Trouble
from deploy.local import ports
from flows.cluster import address_of, beyond
from flows.commands.supervise import Child
from flows.words import words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from flows.settings import Settings

FIRST_PORT, PORTS = 21000, 9000
"""Ports of local clusters: below those that the kernel gives to outgoing connections."""
_turns = itertools.count()


@dataclass(frozen=True)
class Plan:
    """How the stock flow is run; `numbers`: the members of `addresses` that run here."""

    processes: int
    cluster: bool = False
    addresses: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    private: bool = False

    @property
    def of(self) -> int:
        """How many processes there are in all, on this machine and on others."""
        return len(self.addresses) or self.processes

    @property
    def here(self) -> Sequence[int]:
        """The numbers, from 0, of the processes on this machine."""
        return self.numbers or range(self.processes)

    def options(self) -> list[str]:
        """Return the options of `waterline run` that give this plan again."""
        if not self.addresses:
            return ["--processes", str(self.processes), *["--cluster"] * self.cluster]
        return [
            *("--addresses", ",".join(self.addresses)),
            *("--process-id", ",".join(map(str, self.numbers))),
            *["--private-network"] * self.private,
        ]


def plan_of(args: argparse.Namespace, settings: Settings) -> Plan:
    """Return the plan of the options, or raise Trouble that says what does not go together."""
    say = words(settings.lang)
    if args.addresses is None and args.process_id is None:
        return Plan(args.processes, args.cluster)
    if args.addresses is None or args.process_id is None:
        raise Trouble(say("run.member_needs_both"), exit_code=2)
    try:
        addresses = tuple(map(address_of, args.addresses.split(",")))
    except ValueError as error:
        raise Trouble(say("run.address", address=args.addresses), exit_code=2) from error
    open_ones = beyond(addresses)
    if open_ones and not args.private_network:
        raise Trouble(say("run.not_private", addresses=", ".join(open_ones)), exit_code=2)
    texts = args.process_id.split(",")
    if not all(text.isdigit() and int(text) < len(addresses) for text in texts):
        last = len(addresses) - 1
        raise Trouble(say("run.process_id", given=args.process_id, last=last), exit_code=2)
    numbers = tuple(sorted({int(text) for text in texts}))
    return Plan(len(numbers), True, addresses, numbers, args.private_network)  # noqa: FBT003 - `cluster`


def children(
    name: str, settings: Settings, plan: Plan, pid_file: Callable[[str], Path], *, to_log: bool
) -> list[Child]:
    """Return a flow's processes: the stock flow may have several, each with its own partitions."""
    if name != "stock" or plan.of == 1:
        return [_child(name, [], settings, pid_file, to_log=to_log)]
    made = []
    for place, number in enumerate(plan.here):
        more = ["--share", f"{number + 1}/{plan.of}"]
        if plan.cluster:
            more += ["--addresses", ",".join(plan.addresses)]
        own = name if place == 0 else f"{name}-{number + 1}"
        child = _child(own, more, settings, pid_file, to_log=to_log)
        child.group = name if plan.cluster else None
        made.append(child)
    return made


def _child(
    own: str, more: list[str], settings: Settings, pid_file: Callable[[str], Path], *, to_log: bool
) -> Child:
    logs = settings.home / "logs"
    if to_log:
        logs.mkdir(parents=True, exist_ok=True)
    name = own.partition("-")[0]
    command = [*python(), "flow", name, *more, "--parent", str(os.getpid())]
    log = logs / f"{settings.topic_prefix}{own}.log"
    return Child(own, command, pid_file(own), log if to_log else None)


def renewal(plan: Plan) -> Callable[[Sequence[Child]], None]:
    """Return what a local cluster does before each start: agree upon ports that are free now."""

    def renew(members: Sequence[Child]) -> None:
        taken: list[int] = []
        first = FIRST_PORT + (os.getpid() * 16 + next(_turns) * plan.of) % (PORTS - 200)
        for _ in range(plan.of):
            taken.append(ports.choose(range(first, first + 200), taken))
        addresses = ",".join(f"{ports.HOST}:{port}" for port in taken)
        for child in members:
            command = list(child.command)
            command[command.index("--addresses") + 1] = addresses
            child.command = command

    return (lambda _: None) if plan.addresses else renew


def python() -> list[str]:
    """Return the start of the command line that runs `waterline` in another process."""
    return [sys.executable, "-m", "flows.cli"]
