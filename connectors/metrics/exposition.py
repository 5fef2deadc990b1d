"""The samples as Prometheus's text, or OpenMetrics where that is asked for.

Enters: processes, figures, ends of topics. Leaves: bytes and their type. Names begin with
`waterline_`, units are seconds, bytes and messages. What is not known has no sample: an absent
value is not a zero.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from connectors.metrics.figures import Figures, Place
from connectors.metrics.processes import Process, cost

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

Rows = Sequence[Mapping[str, Any]]
LOG_COUNTERS = {
    "consumed": "Messages of the log that are committed.",
    "applied": "Events that took effect.",
    "repeats": "Events that had come before and took no effect.",
    "rejects": "Messages of the log that were refused.",
}
INTAKE_COUNTERS = {
    "consumed": "Messages that intake has read.",
    "events": "Events that it put on the log.",
    "ignored": "Messages without an event in them.",
    "rejects": "Messages that it refused.",
}
QUANTILES = {"p50": "0.5", "p95": "0.95", "p99": "0.99"}


@dataclass(frozen=True)
class Sample:
    """All that is known at one moment; `ends` None: the broker has never answered."""

    version: str
    processes: Sequence[Process]
    figures: Figures | None
    ends: Mapping[Place, int] | None
    up: Mapping[str, bool] = field(default_factory=dict)
    """Whether `database` and `broker` answered the last look."""


class _Once(Collector):
    """Gives the families of one sample."""

    def __init__(self, sample: Sample) -> None:
        self._sample = sample

    def collect(self) -> Iterable[Metric]:
        sample = self._sample
        build = _gauge("build_info", "Which build this is; always 1.", "version", "python")
        build.add_metric([sample.version, platform.python_version()], 1)
        yield build
        up = _gauge("server_up", "Whether the server answered the last look.", "server")
        for server, answered in sample.up.items():
            up.add_metric([server], float(answered))
        yield up
        yield from _processes(sample.processes)
        if sample.figures is not None:
            ends = sample.ends or {}
            yield from _log(sample.figures.log, ends)
            yield from _intake(sample.figures.intake, ends)
            yield from _lag(sample.figures.lag)
            yield from _devices(sample.figures.devices)
            yield from _invariants(sample.figures.invariants)


def exposition(sample: Sample, accept: str) -> tuple[bytes, str]:
    """Return the text and its content type, in the format that an Accept header asks for."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(sample))
    encoder, kind = choose_encoder(accept)
    return encoder(registry), kind


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"waterline_{name}", text, labels=labels)


def _counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"waterline_{name}", text, labels=labels)


def _processes(processes: Iterable[Process]) -> Iterator[Metric]:
    up = _gauge("process_up", "Whether the process runs.", "process")
    restarts = _counter("process_restarts", "How often it was started again.", "process")
    since = _gauge("process_start_time_seconds", "When it was started, Unix time.", "process")
    memory = _gauge("process_resident_memory_bytes", "Resident memory.", "process")
    cpu = _counter("process_cpu_seconds", "User and system CPU time.", "process")
    for one in processes:
        label = [one.name]
        up.add_metric(label, float(one.state == "running"))
        restarts.add_metric(label, one.restarts)
        if one.up_since is not None:
            since.add_metric(label, one.up_since.timestamp())
        spent = cost(one.pid)
        if spent is not None:
            memory.add_metric(label, spent[0])
            cpu.add_metric(label, spent[1])
    yield from (up, restarts, since, memory, cpu)


def _log(rows: Rows, ends: Mapping[Place, int]) -> Iterator[Metric]:
    parts = [([str(row["log_partition"])], (row["topic"], row["log_partition"]), row)
             for row in rows]  # fmt: skip
    yield from _places("log", ["partition"], parts, ends)
    yield from _counters("log", ["partition"], parts, LOG_COUNTERS)


def _intake(rows: Rows, ends: Mapping[Place, int]) -> Iterator[Metric]:
    labels = ["topic", "partition"]
    parts = [([row["topic"], str(row["partition"])], (row["topic"], row["partition"]), row)
             for row in rows]  # fmt: skip
    yield from _places("intake", labels, parts, ends)
    yield from _counters("intake", labels, parts, INTAKE_COUNTERS)


_Part = tuple[list[str], Place, Mapping[str, Any]]


def _places(
    side: str, labels: Sequence[str], parts: Sequence[_Part], ends: Mapping[Place, int]
) -> Iterator[Metric]:
    offset = _gauge(f"{side}_offset", "The next offset to be committed.", *labels)
    end = _gauge(f"{side}_end_offset", "The offset the next message will get.", *labels)
    behind = _gauge(f"{side}_lag_messages", "Messages that wait.", *labels)
    commit = _gauge(
        f"{side}_last_commit_timestamp_seconds", "When the last commit was, Unix time.", *labels
    )
    for label, place, row in parts:
        offset.add_metric(label, row["next_offset"])
        commit.add_metric(label, row["updated_at"].timestamp())
        if place in ends:
            end.add_metric(label, ends[place])
            behind.add_metric(label, max(ends[place] - row["next_offset"], 0))
    yield from (offset, end, behind, commit)


def _counters(
    side: str, labels: Sequence[str], parts: Sequence[_Part], names: Mapping[str, str]
) -> Iterator[Metric]:
    for name, text in names.items():
        family = _counter(f"{side}_{name}", text, *labels)
        for label, _, row in parts:
            family.add_metric(label, row[name])
        yield family


def _lag(rows: Rows) -> Iterator[Metric]:
    labels = ("warehouse", "kind")
    lag = _gauge(
        "event_lag_seconds",
        "From the event to its commit, in the last minute that had events.",
        *labels,
        "quantile",
    )
    events = _gauge("event_lag_events", "How many events the quantiles are of.", *labels)
    over = {
        name: _gauge(f"event_lag_over_{name}_ratio", f"Share of them later than {name}.", *labels)
        for name in ("1s", "3s")
    }
    for row in rows:
        label = [row["warehouse"], row["kind"]]
        events.add_metric(label, row["events"])
        for name, family in over.items():
            if row[f"share_over_{name}"] is not None:
                family.add_metric(label, row[f"share_over_{name}"])
        for name, quantile in QUANTILES.items():
            if row[name] is not None:
                lag.add_metric([*label, quantile], row[name])
    yield from (lag, events, *over.values())


def _devices(rows: Rows) -> Iterator[Metric]:
    for row in rows:
        count = _gauge("devices", "Devices that have counted their events.")
        count.add_metric([], row["devices"])
        holes = _gauge("devices_with_holes", "Devices of which numbers are missing.")
        holes.add_metric([], row["with_holes"])
        missing = _gauge("device_missing_events", "Numbers that are missing, of all devices.")
        missing.add_metric([], float(row["missing"]))
        yield from (count, holes, missing)


def _invariants(rows: Rows) -> Iterator[Metric]:
    drift = _gauge("invariant_drift", "Sum of the differences, in the check's unit.", "name")
    wrong = _gauge("invariant_wrong", "Keys that differ.", "name")
    checked = _gauge("invariant_checked", "Keys that were compared.", "name")
    at = _gauge("invariant_timestamp_seconds", "When it was last checked, Unix time.", "name")
    for row in rows:
        label = [row["name"]]
        for family, value in ((drift, row.get("drift")), (wrong, row.get("wrong")),
                              (checked, row.get("checked"))):  # fmt: skip
            if value is not None:
                family.add_metric(label, float(value))
        if row.get("at") is not None:
            at.add_metric(label, row["at"].timestamp())
    yield from (drift, wrong, checked, at)
