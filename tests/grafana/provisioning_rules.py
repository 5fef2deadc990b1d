"""What must hold between provisioning files: what one names another has, and nothing twice.

Enters: folder → documents, and the boards. Leaves: sentences about what is wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from tests.grafana.asking import panels
from tests.grafana.provisioning_shapes import FOLDERS
from tests.grafana.shapes import problems

Json = dict[str, Any]
Files = dict[str, list[Json]]
BUILT_IN = {"default.title", "default.message", "__subject", "__text_alert_list"}


class _Strict(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error; the usual loader keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Return the mapping of a node whose keys are all different."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = [key for key, times in Counter(keys).items() if times > 1]
        if twice:
            raise yaml.YAMLError(f"{node.start_mark}: key {twice[0]!r} stands twice")
        return super().construct_mapping(node, deep=deep)


def load(text: str) -> Json:
    """Return a document of YAML."""
    return yaml.load(text, _Strict)  # noqa: S506 - a SafeLoader, and stricter


def read(folder: Path) -> Files:
    """Return folder → documents of what is provisioned."""
    return {
        name: [load(file.read_text()) for file in sorted((folder / name).glob("*.yaml"))]
        for name in FOLDERS
    }


def shapes(files: Files) -> list[str]:
    """Return what is wrong with the keys, types and values of each file."""
    return [
        sentence
        for folder, documents in files.items()
        for document in documents
        for sentence in problems(document, FOLDERS[folder], folder)
    ]


def between(files: Files, boards: list[Json]) -> list[str]:
    """Return what is wrong between files."""
    alerting = [one for one in files["alerting"] if isinstance(one, dict)]
    checks = (
        _twice(alerting), _gone(alerting), _rules(alerting, files, boards),
        _routes(alerting), _templates(alerting), _folders(files, boards),
    )  # fmt: skip
    return list(chain.from_iterable(checks))


def all_of(documents: list[Json], key: str) -> list[Any]:
    """Return the entries of a list that several files may have."""
    return [one for document in documents for one in document.get(key, [])]


def rules(documents: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Yield (group, rule) of all files."""
    for group in all_of(documents, "groups"):
        for rule in group["rules"]:
            yield group, rule


def receivers(documents: list[Json]) -> list[Json]:
    """Return the receivers of all contact points."""
    points = all_of(documents, "contactPoints")
    return [receiver for point in points for receiver in point["receivers"]]


def _twice(documents: list[Json]) -> Iterator[str]:
    kinds = {
        "rule uid": [rule["uid"] for _, rule in rules(documents)],
        "rule title": [(group["folder"], rule["title"]) for group, rule in rules(documents)],
        "group": [(one["folder"], one["name"]) for one in all_of(documents, "groups")],
        "contact point": [one["name"] for one in all_of(documents, "contactPoints")],
        "receiver uid": [one["uid"] for one in receivers(documents)],
        "template": [one["name"] for one in all_of(documents, "templates")],
        "mute time": [one["name"] for one in all_of(documents, "muteTimes")],
        "definition": _defined(documents),
        "policy tree of organisation": [
            one.get("orgId", 1) for one in all_of(documents, "policies")
        ],
    }
    for kind, names in kinds.items():
        for name, times in Counter(names).items():
            if times > 1:
                yield f"{kind} {name!r} stands {times} times"


def _gone(documents: list[Json]) -> Iterator[str]:
    """What is deleted must not be there: Grafana would delete it again at each start."""
    there = {rule["uid"] for _, rule in rules(documents)}
    for one in all_of(documents, "deleteRules"):
        if one["uid"] in there:
            yield f"rule {one['uid']!r} is made and deleted"
    there = {one["uid"] for one in receivers(documents)}
    for one in all_of(documents, "deleteContactPoints"):
        if one["uid"] in there:
            yield f"receiver {one['uid']!r} is made and deleted"


def _rules(documents: list[Json], files: Files, boards: list[Json]) -> Iterator[str]:
    sources = {one["uid"] for one in all_of(files["datasources"], "datasources")} | {"__expr__"}
    known = {board["uid"]: {panel["id"] for panel in panels(board)} for board in boards}
    for group, rule in rules(documents):
        refs = {one["refId"] for one in rule["data"]}
        for one in rule["data"]:
            if one["datasourceUid"] not in sources:
                yield f"{rule['uid']}: data source {one['datasourceUid']!r} is not there"
            if one["model"]["refId"] != one["refId"]:
                yield f"{rule['uid']}: query {one['refId']} calls itself {one['model']['refId']}"
            asked = one["model"].get("expression", "")
            wanted = set(re.findall(r"\$([A-Z]\w*)", asked)) or ({asked} - {""})
            if one["datasourceUid"] == "__expr__" and wanted - refs:
                yield f"{rule['uid']}: expression {asked!r} names no query"
            if one["datasourceUid"] != "__expr__" and not re.search(
                r"(?i)\blimit \d+|\bscreen\.heartbeats\b", one["model"]["rawSql"]
            ):
                yield f"{rule['uid']}: its query has no LIMIT"
        if rule["condition"] not in refs:
            yield f"{rule['uid']}: condition {rule['condition']!r} is no query"
        yield from _linked(rule, known)
        if (
            int(group["interval"].removesuffix("s") or 0) % 10
            if group["interval"][-1] == "s"
            else 0
        ):
            yield f"group {group['name']!r}: interval {group['interval']} is no multiple of 10 s"


def _linked(rule: Json, boards: dict[str, set[int]]) -> Iterator[str]:
    uid = rule["annotations"].get("__dashboardUid__")
    panel = rule["annotations"].get("__panelId__")
    if uid is None and panel is None:
        return
    if uid not in boards:
        yield f"{rule['uid']}: board {uid!r} is not there"
    elif panel is None or int(panel) not in boards[uid]:
        yield f"{rule['uid']}: board {uid!r} has no panel {panel}"


def routes(policy: Json) -> Iterator[Json]:
    """Yield a policy and everything below it."""
    yield policy
    for one in policy.get("routes", []):
        yield from routes(one)


def _routes(documents: list[Json]) -> Iterator[str]:
    points = {one["name"] for one in all_of(documents, "contactPoints")}
    mutes = {one["name"] for one in all_of(documents, "muteTimes")}
    used = set()
    for policy in all_of(documents, "policies"):
        for route in routes(policy):
            used.add(route["receiver"])
            if route["receiver"] not in points:
                yield f"contact point {route['receiver']!r} is not there"
            for key in ("mute_time_intervals", "active_time_intervals"):
                for name in set(route.get(key, [])) - mutes:
                    yield f"mute time {name!r} is not there"
    if all_of(documents, "policies"):
        yield from (f"contact point {name!r} is reached by no policy" for name in points - used)


def _defined(documents: list[Json]) -> list[str]:
    texts = [one["template"] for one in all_of(documents, "templates")]
    return [name for text in texts for name in re.findall(r'\{\{-?\s*define "([^"]+)"', text)]


def _templates(documents: list[Json]) -> Iterator[str]:
    known = set(_defined(documents)) | BUILT_IN
    templates = [one["template"] for one in all_of(documents, "templates")]
    for text in [*templates, *_texts([one["settings"] for one in receivers(documents)])]:
        for name in re.findall(r'(?:\{\{-?\s*template|tmpl\.Exec)\s+"([^"]+)"', text):
            if name not in known:
                yield f"template {name!r} is not there"
        if text.count("{{") != text.count("}}"):
            yield f"braces of {text[:40]!r} do not close"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value


def _folders(files: Files, boards: list[Json]) -> Iterator[str]:
    providers = all_of(files["dashboards"], "providers")
    uids = [one["uid"] for one in all_of(files["datasources"], "datasources")]
    for kind, names in (
        ("provider", [one["name"] for one in providers]),
        ("folder", [one.get("folder") for one in providers]),
        ("folder uid", [one.get("folderUid") for one in providers]),
        ("data source", uids),
    ):
        yield from (f"{kind} {name!r} stands twice" for name, n in Counter(names).items() if n > 1)
    if uids:
        asked = {
            target["datasource"]["uid"]
            for board in boards
            for panel in panels(board)
            for target in panel.get("targets", [])
        } - {"-- Dashboard --", "grafana"}
        yield from (f"boards ask {uid!r}, which is not provisioned" for uid in asked - set(uids))
