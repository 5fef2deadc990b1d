"""Kafka's jars, fetched once from Maven Central and checked against `kafka.jars`.

Enters: a folder for downloaded programs. Leaves: a folder of jars in it. May fail: no network,
or a file whose SHA-256 is not the one in our list; nothing unchecked is ever left under its name.
"""

from __future__ import annotations

import hashlib
import os
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local.account import make_open
from deploy.local.trouble import ELSEWHERE, StackError

if TYPE_CHECKING:
    from deploy.local.sentences import Tell

_LIST = Path(__file__).with_name("kafka.jars")
_AT_ONCE = 8
_TRIES = 3
_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Jar:
    """One file of Maven Central: its coordinates and the SHA-256 it must have."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def path(self) -> str:
        """Its place in a Maven repository."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.name}"


def wanted() -> list[Jar]:
    """Return the jars of `kafka.jars`, one `group:artifact:version sha256` a line."""
    jars = []
    for line in _LIST.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            coordinates, sha256 = line.split()
            group, artifact, version = coordinates.split(":")
            jars.append(Jar(group, artifact, version, sha256))
    return jars


def kafka_version() -> str:
    """Return the version of Kafka in our list."""
    return next(jar.version for jar in wanted() if jar.artifact == "kafka_2.13")


def fetch_kafka(programs: Path, tell: Tell, mirror: str | None = None) -> Path:
    """Return the folder of Kafka's jars below `programs`, downloading what is missing.

    `mirror` is the base address of a Maven repository to use in place of Maven Central.
    """
    folder = programs / f"kafka-{kafka_version()}"
    missing = [jar for jar in wanted() if not (folder / jar.name).is_file()]
    if not missing:
        return folder
    make_open(folder)
    tell("fetch_kafka", version=kafka_version(), count=len(missing))
    base = (mirror or _central()).rstrip("/")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda jar: _download(base, jar, folder), missing))
    return folder


def _central() -> str:
    # Imported here: it is needed for a first download only, and brings a good deal with it.
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415

    return str(MAVEN_CENTRAL_URL)


def _download(base: str, jar: Jar, folder: Path) -> None:
    content = _read(f"{base}/{jar.path}", jar)
    found = hashlib.sha256(content).hexdigest()
    if found != jar.sha256:
        raise StackError(
            f"downloading {jar.name}: its SHA-256 is {found[:12]}…, not {jar.sha256[:12]}… as in "
            "deploy/local/kafka.jars; it was thrown away"
        )
    part = folder / f"{jar.name}.{os.getpid()}-{threading.get_ident()}.part"
    part.write_bytes(content)
    part.chmod(0o644)
    part.replace(folder / jar.name)


def _read(url: str, jar: Jar) -> bytes:
    reason: Exception | None = None
    for _ in range(_TRIES):
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:  # noqa: S310 - see below
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            reason = error
            break  # the server has answered: asking again changes nothing
        except (OSError, ValueError) as error:  # ValueError: WATERLINE_MAVEN_URL is no address
            reason = error
    raise StackError(
        f"downloading {jar.name} from Maven Central failed ({reason}): check the network, set "
        f"WATERLINE_MAVEN_URL to a mirror, or {ELSEWHERE}"
    )
