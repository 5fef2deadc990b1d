"""Whose rights the servers run with: never root's.

Enters: paths, and whether this process is root. Leaves: an account to give up root for, and
folders which that account can reach. A folder under a closed one (a clone below /root) cannot be
reached whatever its own mode says, so data and programs then go to the system's places.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

SYSTEM_DATA = Path("/var/lib/waterline")
SYSTEM_CACHE = Path("/var/cache/waterline")


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account of this machine."""

    name: str
    uid: int
    gid: int


class Rights(TypedDict, total=False):
    """The arguments of `subprocess.Popen` that give up root."""

    user: int
    group: int
    extra_groups: list[int]


def service_account() -> Account | None:
    """Return the account for the servers if this process is root; None: they run as its user."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account("65534", 65534, 65534)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def rights(account: Account | None) -> Rights:
    """Return what `subprocess.Popen` needs to run a program as `account`."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def reachable(path: Path, account: Account | None) -> bool:
    """Say whether `account` may walk down to `path`; what does not exist yet does not matter."""
    if account is None:
        return True
    resolved = path.resolve()
    return all(_may_enter(part, account) for part in (resolved, *resolved.parents) if part.is_dir())


def _may_enter(folder: Path, account: Account) -> bool:
    found = folder.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def data_root(home: Path, account: Account | None) -> Path:
    """Return the folder for the servers' data: `home`, or a system folder of this home's own."""
    if reachable(home, account):
        return home
    return SYSTEM_DATA / hashlib.sha256(str(home).encode()).hexdigest()[:12]


def program_root(cache: Path, account: Account | None) -> Path:
    """Return the folder for downloaded programs: `cache`, or the system's when that is closed."""
    return cache if reachable(cache, account) else SYSTEM_CACHE


def make_open(folder: Path) -> None:
    """Make `folder` and the missing ones above it, so that other accounts may walk through them."""
    for part in reversed([folder, *folder.parents]):
        if not part.exists():
            part.mkdir(exist_ok=True)
            part.chmod(0o755)


def make_private(folder: Path, account: Account | None) -> None:
    """Make `folder` readable by the servers' account alone."""
    make_open(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    if account is not None and folder.stat().st_uid != account.uid:
        shutil.chown(folder, account.uid, account.gid)
