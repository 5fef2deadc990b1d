"""Server processes of the stack: started to outlive the command, found and stopped by a mark.

A process is known by an argument only it has (its data folder), read from /proc, never by a
number alone: after a restart of the machine the number may belong to somebody else's program.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local.account import Account, rights
from deploy.local.trouble import StackError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PROC = Path("/proc")
_TAIL_BYTES = 16_384


def arguments(pid: int) -> list[str]:
    """Return the command line of `pid`; empty if there is no such process or it has ended."""
    try:
        raw = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return []
    return raw.decode(errors="replace").rstrip("\0").split("\0") if raw else []


def marked(pid: int | None, mark: str) -> bool:
    """Say whether `pid` is alive and has `mark` as one of its arguments."""
    return pid is not None and mark in arguments(pid)


def find(mark: str) -> int | None:
    """Return the process that has `mark` as one of its arguments."""
    pids = (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())
    return next((pid for pid in pids if marked(pid, mark)), None)


def start(
    argv: Sequence[str], *, log: Path, account: Account | None, env: Mapping[str, str], cwd: Path
) -> int:
    """Start `argv` in a session of its own, with its output added to `log`; return its number."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=dict(env),
                start_new_session=True,
                **rights(account),
            )
        except OSError as error:
            who = f" as {account.name}" if account else ""
            raise StackError(f"cannot start {argv[0]}{who}: {error.strerror}") from error
    # It is meant to outlive us: without this Python warns about a child that still runs.
    process.returncode = 0
    return process.pid


def stop(pid: int, mark: str, *, how: signal.Signals, patience: float) -> None:
    """Ask the process with `mark` to end, and end it by force after `patience` seconds."""
    for attempt in (how, signal.SIGKILL):
        if not marked(pid, mark):
            return
        try:
            os.kill(pid, attempt)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise StackError(
                f"process {pid} belongs to another user: stop it as that user"
            ) from error
        if gone(pid, mark, patience):
            return
    raise StackError(f"process {pid} does not end, not even by force")


def gone(pid: int, mark: str, patience: float) -> bool:
    """Wait until the marked process has ended; False if it still runs after `patience` seconds."""
    deadline = time.monotonic() + patience
    while marked(pid, mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def inside(folder: Path, program: str) -> list[int]:
    """Return the processes of a program that work in this folder, as far as we may see them."""
    found, place = [], folder.resolve()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                ours = (entry / "comm").read_text().strip() == program
                if ours and (entry / "cwd").readlink() == place:
                    found.append(int(entry.name))
    return found


def size(log: Path) -> int:
    """Return how long `log` is now, so that `tail` can leave out what is older."""
    return log.stat().st_size if log.is_file() else 0


def tail(log: Path, since: int = 0, lines: int = 6) -> str:
    """Return the last lines of `log` after its first `since` bytes, for an error's sentence."""
    try:
        with log.open("rb") as source:
            source.seek(max(since, log.stat().st_size - _TAIL_BYTES))
            text = source.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.rstrip().splitlines()[-lines:])


def run(
    argv: Sequence[str],
    *,
    what: str,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run a program to its end and return its output; its last words are the error if it fails."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env=None if env is None else dict(env),
            cwd=cwd,
            **rights(account),
        )
    except OSError as error:
        raise StackError(f"{what}: cannot run {argv[0]}: {error.strerror}") from error
    output = done.stdout.decode(errors="replace")
    if done.returncode:
        said = (done.stderr.decode(errors="replace").strip() or output.strip()).splitlines()
        raise StackError(f"{what} failed: {' / '.join(said[-6:]) or f'exit {done.returncode}'}")
    return output
