"""What Grafana makes of a query's rows, and whether a panel can show it.

Enters: panels, and the rows of their queries as the database gives them. Leaves: sentences about
what would be drawn wrongly or not at all. Transformations change names and columns as Grafana's do;
what cannot be followed is not judged.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.grafana.board_rules import headings, override_of, texts

Json = dict[str, Any]
NUMBERS = {20, 21, 23, 700, 701, 1700}
TEXTS = {18, 19, 25, 1042, 1043}
MOMENTS = {1184}
BOOLEANS = {16}
KNOWN = {
    "filterByRefId", "filterFieldsByName", "organize", "timeSeriesTable", "joinByField",
    "groupingToMatrix", "sortBy",
}  # fmt: skip
_FIELD = re.compile(r"""\$\{__data\.fields(?:\.([A-Za-z_]\w*)|\[["']([^"'\]]+)["']\])""")


@dataclass
class Frame:
    """The result of a query: names and types (OIDs) of its columns, and its rows."""

    ref: str
    form: str
    columns: list[str]
    types: list[int]
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def of(self, *kinds: set[int]) -> list[str]:
        """Return the columns of some types."""
        wanted = set().union(*kinds)
        return [name for name, kind in zip(self.columns, self.types, strict=True) if kind in wanted]


def problems(panel: Json, frames: Sequence[Frame]) -> list[str]:
    """Return what is wrong with what a panel is given."""
    frames = _kept(panel, frames)
    wrong = [sentence for frame in frames for sentence in _of_rows(frame)]
    check = CHECKS.get(panel["type"], _nothing)
    wrong += check(panel, frames)
    shown = after(panel, frames)
    if shown is not None:
        wrong += _overrides(panel, shown, frames)
        wrong += [
            f"a link asks for {name!r}, which is no column"
            for text in texts(panel["fieldConfig"])
            for name in (plain or quoted for plain, quoted in _FIELD.findall(text))
            if name not in shown
        ]
    return [f"panel {panel['title']!r}: {sentence}" for sentence in wrong]


def _kept(panel: Json, frames: Sequence[Frame]) -> list[Frame]:
    for step in panel.get("transformations", []):
        if step["id"] == "filterByRefId":
            wanted = step["options"]["include"].strip("/")
            frames = [one for one in frames if re.search(wanted, one.ref)]
    return list(frames)


def _of_rows(frame: Frame) -> Iterator[str]:
    """Yield what no panel can take: dates, numbers that are none, series out of order."""
    where = f"query {frame.ref}"
    if len(set(frame.columns)) != len(frame.columns):
        yield f"{where}: two columns of one name"
    odd = set(frame.types) - NUMBERS - TEXTS - MOMENTS - BOOLEANS
    if odd:
        yield f"{where}: types {odd} are neither number, text, boolean nor timestamptz"
    for row in frame.rows:
        if any(isinstance(one, float) and not math.isfinite(one) for one in row) or "NaN" in map(
            str, row
        ):
            yield f"{where}: NaN or infinite in {row}"
            break
    if frame.form == "time_series":
        yield from _of_series(frame, where)


def _of_series(frame: Frame, where: str) -> Iterator[str]:
    if frame.columns[0] != "time" or frame.types[0] not in MOMENTS:
        yield f"{where}: a series begins with column time (timestamptz), not {frame.columns[0]!r}"
        return
    labels, numbers = frame.of(TEXTS), frame.of(NUMBERS)
    if len(labels) > 1 or not numbers or len(labels) + len(numbers) + 1 != len(frame.columns):
        yield f"{where}: a series is time, numbers and at most one text, not {frame.columns}"
    if labels and len(numbers) > 1:
        yield f"{where}: a label and several numbers make names like '{numbers[0]} red'"
    if any(row[0] is None for row in frame.rows):
        yield f"{where}: a row without a time"
    elif any(one[0] > other[0] for one, other in pairwise(frame.rows)):
        yield f"{where}: rows are not sorted by time"


def after(panel: Json, frames: Sequence[Frame]) -> list[str] | None:
    """Return the columns that a panel shows after its transformations, None if not known."""
    if any(step["id"] not in KNOWN for step in panel.get("transformations", [])):
        return None
    columns = [_columns(frame) for frame in frames]
    for step in panel.get("transformations", []):
        options = step["options"]
        if step["id"] == "timeSeriesTable":
            columns = [
                [*frame.of(TEXTS), f"Trend #{frame.ref}"] if frame.form == "time_series" else names
                for frame, names in zip(frames, columns, strict=True)
            ]
        elif step["id"] == "joinByField":
            columns = [list(dict.fromkeys(name for names in columns for name in names))]
        elif step["id"] == "organize":
            gone, new = options.get("excludeByName", {}), options.get("renameByName", {})
            columns = [
                [new.get(name, name) for name in names if not gone.get(name)] for names in columns
            ]
        elif step["id"] == "filterFieldsByName":
            columns = [[name for name in names if _named(name, options)] for names in columns]
        elif step["id"] == "groupingToMatrix":
            columns = [_matrix(frames[0], options)]
    return [name for names in columns for name in names]


def _named(name: str, options: Json) -> bool:
    """Tell whether a filter by name keeps a column."""
    kept, gone = options.get("include"), options.get("exclude", {})
    included = kept is None or name in kept.get("names", [])
    if kept and kept.get("pattern"):
        included = included or re.search(kept["pattern"].strip("/"), name) is not None
    excluded = name in gone.get("names", []) or (
        bool(gone.get("pattern")) and re.search(gone["pattern"].strip("/"), name) is not None
    )
    return included and not excluded


def _columns(frame: Frame) -> list[str]:
    """Return the names of a frame's fields: a series with a label has one per value of it."""
    labels = frame.of(TEXTS) if frame.form == "time_series" else []
    if not labels:
        return frame.columns
    place = frame.columns.index(labels[0])
    return ["time", *dict.fromkeys(str(row[place]) for row in frame.rows)]


def _matrix(frame: Frame, options: Json) -> list[str]:
    row, column = options["rowField"], options["columnField"]
    if not {row, column, options["valueField"]} <= set(frame.columns):
        return []
    place = frame.columns.index(column)
    return [f"{row}\\{column}", *dict.fromkeys(str(one[place]) for one in frame.rows)]


def _overrides(panel: Json, shown: list[str], frames: Sequence[Frame]) -> Iterator[str]:
    """Yield overrides that look for what is not there; values of a label may be missing today."""
    labelled = any(frame.form == "time_series" and frame.of(TEXTS) for frame in frames)
    values = panel["options"].get("reduceOptions", {}).get("values")
    matrix = any(one["id"] == "groupingToMatrix" for one in panel.get("transformations", []))
    for one in panel["fieldConfig"]["overrides"]:
        kind, name = one["matcher"]["id"], one["matcher"]["options"]
        if kind == "byName" and name not in shown and not (labelled or values or matrix):
            yield f"an override looks for {name!r}, which is none of {shown}"
        if kind == "byRegexp" and shown and not any(re.search(name, column) for column in shown):
            yield f"an override looks for /{name}/, which is none of {shown}"


def _nothing(_panel: Json, _frames: Sequence[Frame]) -> list[str]:
    return []


def _table(panel: Json, frames: Sequence[Frame]) -> list[str]:
    """A table shows one frame; each column has a heading, each number a unit."""
    shown = after(panel, frames)
    steps = {step["id"] for step in panel.get("transformations", [])}
    if shown is None or "groupingToMatrix" in steps:
        return _grid(panel, frames)
    wrong = [] if len(frames) < 2 or "joinByField" in steps else ["a table shows one query only"]
    numbers = {name for frame in frames for name in frame.of(NUMBERS)}
    heads = headings(panel)
    for name in shown:
        own = override_of(panel, name)
        found = [key for key in heads if key == name or _regexp(panel, key, name)]
        if not found and not own.get("custom.hideFrom.viz"):
            wrong.append(f"column {name!r} has no heading")
        bare = not ({"unit", "mappings", "custom.hideFrom.viz"} & own.keys()) and not found[1:]
        if name in numbers and bare and not panel["fieldConfig"]["defaults"].get("unit"):
            wrong.append(f"column {name!r} is a number without a unit")
    most = 50
    return wrong + [f"{len(one.rows)} rows" for one in frames if len(one.rows) > most
                    and one.form == "table"]  # fmt: skip


def _regexp(panel: Json, key: str, name: str) -> bool:
    return any(
        one["matcher"] == {"id": "byRegexp", "options": key} and re.search(key, name)
        for one in panel["fieldConfig"]["overrides"]
    )


def _grid(panel: Json, frames: Sequence[Frame]) -> list[str]:
    """A grid has the columns of its transformation, and no more cells than a screen can draw."""
    for step in panel.get("transformations", []):
        if step["id"] == "groupingToMatrix" and frames:
            wanted = {step["options"][f"{part}Field"] for part in ("row", "column", "value")}
            if missing := wanted - set(frames[0].columns):
                return [f"the grid's columns {missing} are none of {frames[0].columns}"]
    return [f"{len(one.rows)} cells" for one in frames if len(one.rows) > 3000]


def _figures(panel: Json, frames: Sequence[Frame]) -> list[str]:
    """A figure is a number; several of one row each have a name."""
    wanted = panel["options"]["reduceOptions"].get("fields", "").strip("/")
    shown = after(panel, frames)
    everything = [name for frame in frames for name in frame.columns]
    everything = [name for name in everything if shown is None or name in shown]
    numbers = [name for frame in frames for name in frame.of(NUMBERS) if name in everything]
    if wanted and not any(re.search(wanted, name) for name in everything):
        return [f"no column is /{wanted}/: {everything}"]
    if not wanted and not numbers:
        return [f"there is no number among {everything}"]
    wrong = []
    if panel["options"]["reduceOptions"].get("values"):
        wrong = [f"{len(one.rows)} bars" for one in frames if len(one.rows) > 50]
    elif any(len(one.rows) > 1 for one in frames if one.form == "table"):
        wrong = ["shows the last of several rows"]
    elif panel["options"].get("textMode") in {"value_and_name", "auto"} and not wanted:
        named = headings(panel)
        wrong = [f"figure {name!r} has no name" for name in numbers if name not in named]
    return wrong


def _bars(panel: Json, frames: Sequence[Frame]) -> list[str]:
    """Bars have a column that names them, one that colours them, and numbers."""
    wrong = [] if len(frames) == 1 else [f"{len(frames)} queries"]
    shown = after(panel, frames)
    for frame in frames:
        numbers = [name for name in frame.of(NUMBERS) if shown is None or name in shown]
        for key in ("xField", "colorByField"):
            name = panel["options"].get(key)
            if name and name not in frame.columns:
                wrong.append(f"{key} {name!r} is none of {frame.columns}")
        named = headings(panel)
        x = panel["options"].get("xField")
        for name in numbers:
            own = override_of(panel, name)
            hidden = "custom.hideFrom" in own or "custom.hideFrom.viz" in own
            if name != x and name not in named and not hidden:
                wrong.append(f"bars {name!r} have no name")
        if not set(numbers) - {x}:
            wrong.append("there is no number")
    return wrong


def _plan(panel: Json, frames: Sequence[Frame]) -> list[str]:
    """What is drawn by columns names columns."""
    there = {name for frame in frames for name in frame.columns}
    asked = set()
    for one in panel["options"].get("series", []):
        asked |= {
            part["matcher"]["options"]
            for part in one.values()
            if part.get("matcher", {}).get("id") == "byName"
        }
    for one in panel["options"].get("root", {}).get("elements", []):
        parts = [one.get("config", {}).get("text", {}), one.get("background", {}).get("color", {})]
        asked |= {part["field"] for part in parts if part.get("field")}
    return [f"{name!r} is none of {sorted(there)}" for name in sorted(asked - there)]


def _graph(_panel: Json, frames: Sequence[Frame]) -> list[str]:
    """A graph has nodes and edges whose ends are nodes; its figures are texts."""
    if len(frames) != 2:
        return [f"{len(frames)} queries, not nodes and edges"]
    nodes, edges = frames
    wrong = [
        f"{frame.ref} has no column {name}"
        for frame, names in ((nodes, ("id", "title")), (edges, ("id", "source", "target")))
        for name in names
        if name not in frame.columns
    ]
    wrong += [
        f"{name} of {frame.ref} is a number: Grafana would print it with two decimals"
        for frame in frames
        for name in ("mainstat", "secondarystat")
        if name in frame.of(NUMBERS)
    ]
    if not wrong:
        known = {row[nodes.columns.index("id")] for row in nodes.rows}
        ends = [edges.columns.index(name) for name in ("source", "target")]
        lost = {row[end] for row in edges.rows for end in ends} - known
        wrong += [f"edges end at {sorted(lost)}, which are no nodes"] if lost else []
    return wrong


def _timeline(_panel: Json, frames: Sequence[Frame]) -> list[str]:
    """A time line's last state has a width: it ends now."""
    for frame in frames:
        times = [one for row in frame.rows for one in row if isinstance(one, datetime)]
        if times and max(times) < datetime.now(UTC) - timedelta(minutes=5):
            return [f"query {frame.ref} ends at {max(times)}, not now"]
    return []


CHECKS = {
    "table": _table, "stat": _figures, "gauge": _figures, "bargauge": _figures,
    "piechart": _figures, "barchart": _bars, "heatmap": _grid, "canvas": _plan, "xychart": _plan,
    "nodeGraph": _graph, "state-timeline": _timeline,
}  # fmt: skip
