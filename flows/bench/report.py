"""What the bench found: one document for programs, one table for people.

Enters: the runs of each scenario. Leaves: medians, the spread of throughput ((most − least) /
median), the ratio of `core` to `limit`; a table with one line a scenario and a sentence each.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from flows.commands import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from flows.bench.scenarios import Run
    from flows.words import Words

BUSY = 0.05
"""Share of the machine that others may use before the figures are called into question."""

MEANS = {
    "core": "bench.core",
    "rules": "bench.rules",
    "crossing": "bench.crossing",
    "intake": "bench.intake",
    "latency": "bench.latency",
    "alerts": "bench.alerts",
    "storm": "bench.storm",
    "memory": "bench.memory",
    "limit": "bench.limit",
    "queries": "bench.queries",
    "boards": "bench.boards",
}
ASKED = {"queries": "query.name", "boards": "bench.board"}
"""Scenarios that ask: what their table calls a line."""
_HEADS = (
    "bench.scenario",
    "bench.events_per_s",
    "bench.spread",
    "bench.p50",
    "bench.p99",
    "bench.cpu_flow",
    "bench.cpu_database",
    "bench.cpu_broker",
    "bench.rss",
)


def summary(runs: Mapping[str, Sequence[Run]]) -> dict[str, dict[str, Any]]:
    """Return scenario → figures; medians where there are several runs."""
    made = {
        name: _asked(several) if name in ASKED else _scenario(several)
        for name, several in runs.items()
    }
    if "core" in made and "limit" in made:
        ratio = made["core"]["events_per_s"] / made["limit"]["events_per_s"]
        made["core"]["ratio_to_limit"] = round(ratio, 3)
        made["core"]["limit_cpu_us_per_event"] = made["limit"]["cpu_us_per_event"]
    return made


def _scenario(runs: Sequence[Run]) -> dict[str, Any]:
    speeds = [run.events_per_s for run in runs]
    wholes = [run.events_per_s_whole for run in runs if run.events_per_s_whole is not None]
    merged = _middle([run.details for run in runs])
    return {
        "events_per_s": round(median(speeds)),
        "p50_ms": merged.pop("p50_ms", None),
        "p99_ms": merged.pop("p99_ms", None),
        "cpu_s": _middle([run.cpu_s for run in runs]),
        "rss_mib": round(max(run.rss_mib for run in runs), 1),
        "cpu_us_per_event": _middle([run.cost for run in runs]),
        "events": runs[0].events,
        "others_share": max(run.others for run in runs),
        "runs": [round(speed) for speed in speeds],
        "spread": round((max(speeds) - min(speeds)) / median(speeds), 3),
        "events_per_s_with_start": round(median(wholes)) if wholes else None,
        **merged,
    }


def _asked(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the figures of what was asked: name → milliseconds, medians over the runs."""
    return {
        "events": runs[0].events,
        "cpu_s": _middle([run.cpu_s for run in runs]),
        "others_share": max(run.others for run in runs),
        **_middle([run.details for run in runs]),
    }


def _middle(several: Sequence[Any]) -> Any:
    """Return the median of numbers, and of each figure of a dict; None where one is unknown."""
    first = several[0]
    if any(one is None for one in several):
        return None
    if isinstance(first, dict):
        return {name: _middle([one[name] for one in several]) for name in first}
    return round(median(several), 6)


def tables(figures: Mapping[str, Mapping[str, Any]], say: Words) -> list[Table]:
    """Return the table of the scenarios and those of queries and boards, where there are any."""
    flows = {name: one for name, one in figures.items() if name not in ASKED}
    made = [table(flows, say)] if flows else []
    for name in ASKED.keys() & figures.keys():
        asked = shown.table([(say(ASKED[name]), "<"), (say("bench.took"), ">")])
        for query, ms in figures[name]["ms"].items():
            asked.add_row(query, _ms(ms))
        made.append(asked)
    return made


def table(figures: Mapping[str, Mapping[str, Any]], say: Words) -> Table:
    """Return the table: a line a scenario."""
    heads = [(say(name), "<" if name == _HEADS[0] else ">") for name in _HEADS]
    made = shown.table(heads)
    for name, one in figures.items():
        cpu = one["cpu_s"]
        spread = "–" if len(one["runs"]) == 1 else f"±{50 * one['spread']:.0f} %"
        made.add_row(
            name,
            shown.number(one["events_per_s"]),
            spread,
            *(_ms(one[key]) for key in ("p50_ms", "p99_ms")),
            *(_seconds(cpu[key]) for key in ("flow", "database", "broker")),
            f"{one['rss_mib']:,.0f}",
        )
    return made


def sentences(figures: Mapping[str, Mapping[str, Any]], say: Words) -> list[str]:
    """Return what each line of the table means, in the same order."""
    made = []
    for name, one in figures.items():
        values: dict[str, object] = {
            "events": f"{one['events']:,}",
            "whole": shown.number(one.get("events_per_s_with_start")),
            "cells": f"{min(20_000, one['events']):,}",
            **_more(name, one),
        }
        made.append(f"{name}: {say('bench.' + name, **values)}")
        if "ratio_to_limit" in one:
            costs = {
                "ratio": f"{one['ratio_to_limit']:.2f}",
                "cost": shown.number(one["cpu_us_per_event"]),
                "least": shown.number(one["limit_cpu_us_per_event"]),
            }
            made.append(f"{name}: {say('bench.ratio', **costs)}")
        if one["others_share"] > BUSY:
            made.append(f"{name}: {say('bench.busy', share=shown.share(one['others_share']))}")
    return made


def _more(name: str, one: Mapping[str, Any]) -> dict[str, object]:
    """Return what a scenario's sentence says beside what all say."""
    if name == "latency":
        inner = one["to_commit_start"]
        return {
            "rate": f"{one['rate']:,}",
            **{key: _ms(one[f"{key}_ms"]) for key in ("p95", "p999")},
            **{key: shown.share(one[key]) for key in ("over_1s", "over_3s")},
            **{f"inner_{key}": _ms(inner[f"{key}_ms"]) for key in ("p50", "p99")},
        }
    if name == "alerts":
        scans = {f"scans_{key}": _ms(one["scans"][f"{key}_ms"]) for key in ("p50", "p99")}
        counts = {key: f"{one[key]:,}" for key in ("rate", "opened")}
        return {**scans, **counts, "p95": _ms(one["p95_ms"])}
    if name == "rules":
        without = one["without"]
        shares = {key: shown.share(one[key]) for key in ("share", "cpu_share")}
        return {**shares, "without": shown.number(without["events_per_s"])}
    if name == "storm":
        counts = {key: shown.number(one[key]) for key in ("messages", "messages_of_one")}
        return {**counts, "seconds": f"{one['seconds']:.1f}"}
    if name in ASKED:
        slowest = max(one["ms"], key=one["ms"].__getitem__)
        facts = {"fill": _seconds(one["fill_s"]), "count": len(one["ms"])}
        return {**facts, "slowest": slowest, "ms": _ms(one["ms"][slowest])}
    return {"transitions": shown.number(one.get("transitions"))}


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} ms"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"
