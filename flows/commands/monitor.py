"""What `waterline run` answers to probes: /metrics, /health, /ready.

Enters: the settings, the record of this supervisor. Leaves: a server on the loopback (or where
WATERLINE_METRICS says), and samples of database and broker. Answers within two seconds whatever is
away. May fail with `Trouble` when no port is free.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connectors.kafka import INTAKE, LOG
from connectors.metrics.exposition import Sample, exposition
from connectors.metrics.figures import Backlog, Broker, Database, Figures, Place, offsets_of
from connectors.metrics.health import Reason, unhealthy, unready
from connectors.metrics.sampling import Sampler
from connectors.metrics.server import Answer, Respond, document, listen
from connectors.queries import QUERIES
from flows.commands.parser import version
from flows.commands.record import process
from flows.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.metrics.processes import Process
    from flows.commands.record import Record
    from flows.settings import Settings

SENTENCES = {
    "process": "health.process",
    "database": "health.database",
    "broker": "health.broker",
    "stalled": "health.stalled",
    "unclaimed": "health.unclaimed",
}
ANSWER = 1.8
"""Seconds that a request waits for fresh samples at most."""


class Monitor:
    """Samples and answers while the supervisor runs; use it as a context manager."""

    def __init__(self, settings: Settings, record: Record, flows: Sequence[str]) -> None:
        """Take a port; sample nothing yet."""
        if settings.metrics is None:
            raise ValueError("WATERLINE_METRICS is off")
        self._settings, self._record, self._version = settings, record, version() or "unknown"
        prefix = settings.topic_prefix
        topics = [*INTAKE] * ("intake" in flows) + [LOG] * ("stock" in flows)
        self._watched = {prefix + topic for topic in topics}
        self._backlog = Backlog()
        self._look = Database(settings.need_dsn(), QUERIES)
        broker = Broker(settings.need_brokers(), [prefix + topic for topic in (*INTAKE, LOG)])
        self._broker = Sampler("metrics-broker", broker.read)
        self._database = Sampler("metrics-database", self._read)
        paths: dict[str, Respond] = {
            "/metrics": self.metrics,
            "/health": self.health,
            "/ready": self.ready,
        }
        self.server = listen(*settings.metrics, paths)

    def start(self) -> None:
        """Begin to sample and to answer."""
        for part in (self._broker, self._database, self.server):
            part.start()

    def close(self) -> None:
        """End; a look that hangs is left behind."""
        for part in (self.server, self._broker, self._database):
            part.close()

    def metrics(self, accept: str) -> Answer:
        """Answer Prometheus."""
        self._refresh()
        sample = Sample(
            self._version,
            self._processes,
            self._database.value,
            self._broker.value,
            {name: why is None for name, why in self._problems.items()},
        )
        return Answer(*exposition(sample, accept))

    def health(self, _: str = "") -> Answer:
        """Answer whether all is well."""
        self._refresh()
        return self._verdict(self._unhealthy())

    def ready(self, _: str = "") -> Answer:
        """Answer whether all is well and the partitions are taken."""
        self._refresh()
        figures = self._database.value
        log = figures.log if figures is not None else []
        return self._verdict([*self._unhealthy(), *unready(self._processes, log)])

    def _unhealthy(self) -> list[Reason]:
        return unhealthy(self._processes, self._problems, self._backlog.stuck)

    def _verdict(self, reasons: Sequence[Reason]) -> Answer:
        say = words(self._settings.lang)
        told: list[dict[str, Any]] = [
            {"code": one.code, "message": say(SENTENCES[one.code], **one.values), **one.values}
            for one in reasons
        ]
        status = HTTPStatus.SERVICE_UNAVAILABLE if told else HTTPStatus.OK
        return document({"status": "failing" if told else "ok", "reasons": told}, status)

    @property
    def _processes(self) -> list[Process]:
        return [process(child) for child in self._record.children]

    @property
    def _problems(self) -> dict[str, str | None]:
        return {"database": self._database.problem, "broker": self._broker.problem}

    def _refresh(self) -> None:
        deadline = time.monotonic() + ANSWER
        for sampler in (self._broker, self._database):
            sampler.ask()
        for sampler in (self._broker, self._database):
            sampler.wait(deadline)

    def _read(self) -> Figures:
        figures = self._look.read()
        ends: dict[Place, int] = {
            place: end for place, end in (self._broker.value or {}).items()
            if place[0] in self._watched
        }  # fmt: skip
        self._backlog.note(offsets_of(figures, self._settings.topic_prefix), ends)
        return figures


def monitored(settings: Settings, record: Record, flows: Sequence[str]) -> Monitor | None:
    """Return a monitor that answers, its address in the record; None where it is off."""
    if settings.metrics is None:
        return None
    monitor = Monitor(settings, record, flows)
    monitor.start()
    record.serve(monitor.server.address)
    return monitor
