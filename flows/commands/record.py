"""What a supervisor writes down about its processes, for `waterline status` in another terminal.

Enters: the children of a supervisor. Leaves: `run/*.json`, replaced whole at each change and gone
when the supervisor is. A record whose supervisor was killed is shown as such, and removed by the
next one.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors.metrics.processes import Process

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from flows.commands.supervise import Child
    from flows.settings import Settings

SCHEMA = 1
Document = dict[str, Any]


class Record:
    """The file of this process, which supervises `flows`."""

    def __init__(self, settings: Settings, flows: Sequence[str]) -> None:
        """Write nothing yet; remove what killed supervisors left."""
        self._folder = settings.home / "run"
        self._file = self._folder / f"{settings.topic_prefix}run-{os.getpid()}.json"
        self.children: list[Child] = []
        self._document: Document = {
            "schema": SCHEMA,
            "supervisor": os.getpid(),
            "topic_prefix": settings.topic_prefix,
            "flows": list(flows),
            "started_at": _text(datetime.now(UTC)),
            "metrics": None,
        }
        for file, document in _documents(self._folder):
            if not alive(document):
                file.unlink(missing_ok=True)

    def expect(self, children: Sequence[Child]) -> None:
        """Take these children into the record; one of the same name is replaced."""
        names = {child.name for child in children}
        self.children = [c for c in self.children if c.name not in names] + list(children)

    def serve(self, address: str) -> None:
        """Note where metrics are answered."""
        self._document["metrics"] = address
        self.write()

    def write(self) -> None:
        """Write it whole or not at all; a full disk must not stop a flow."""
        document = {
            **self._document,
            "processes": [asdict(process(child)) for child in self.children],
        }
        part = self._file.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(document, indent=1, default=_text) + "\n", encoding="utf-8")
            part.replace(self._file)
        except OSError:
            part.unlink(missing_ok=True)

    def remove(self) -> None:
        """Leave nothing behind."""
        self._file.unlink(missing_ok=True)


def process(child: Child) -> Process:
    """Return a child as others see it."""
    return Process(
        child.name,
        child.state,
        child.pid,
        child.up_since,
        child.restarts,
        child.last_exit_code,
        child.last_exit_at,
        None if child.log is None else str(child.log),
    )


def records(settings: Settings) -> list[Document]:
    """Return what the supervisors of this installation have written, the oldest first.

    The processes of a supervisor that was killed have the state `gone`.
    """
    found = [
        document
        for _, document in _documents(settings.home / "run")
        if document.get("topic_prefix") == settings.topic_prefix
    ]
    for document in found:
        if not alive(document):
            document["metrics"] = None
            for one in document["processes"]:
                one.update(state="gone", pid=None)
    return sorted(found, key=lambda document: str(document["started_at"]))


def alive(document: Document) -> bool:
    """Return whether the supervisor that wrote a record still runs."""
    try:
        with open(f"/proc/{int(document['supervisor'])}/cmdline", "rb") as file:  # noqa: PTH123
            return b"run" in file.read().split(b"\0")
    except (OSError, ValueError):
        return False


def _documents(folder: Path) -> Iterator[tuple[Path, Document]]:
    for file in sorted(folder.glob("*run-*.json")):
        try:
            document = json.loads(file.read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(document, dict) and document.get("schema") == SCHEMA:
            yield file, document


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value)
