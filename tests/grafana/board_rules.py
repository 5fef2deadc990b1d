"""What must hold in every board beside its shape: the house's rules, and what Grafana trips over.

Enters: boards as read from their files. Leaves: sentences about what is wrong, each with board and
panel. Rules that need the database are in test_queries.py.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any

from grafana import house
from grafana.board import REFRESHES
from tests.grafana.asking import panels
from tests.grafana.board_shapes import BOARD
from tests.grafana.shapes import problems

Json = dict[str, Any]
PALETTE = {
    v for v in vars(house).values() if isinstance(v, str) and re.fullmatch("#[0-9a-f]{6}", v)
}
REDS = {house.RED, house.DARK_RED}
TROUBLE = {
    "red", "red_skus", "critical", "sold_out", "overdue", "expired", "week", "w0", "w1", "failed",
    "given_up", "wrong", "lost", "open", "overweight", "safety_stock",
}  # fmt: skip
"""What may be red without a threshold: codes and columns of trouble ("open" is a circuit, w0 and w1
goods of no or a week's life), and the line below which trouble begins."""
SOURCES = {"waterline", "-- Dashboard --", "grafana"}
SHOW_NUMBERS = {"stat", "timeseries", "barchart", "bargauge", "gauge", "piechart", "canvas"}
MOST_ROWS, MOST_CELLS = 50, 3000
OF_GRAFANA = {
    "from", "to", "url_time_range", "url", "all_variables", "interval", "interval_ms", "data",
    "timeFilter", "timeFrom", "timeTo", "timeGroup", "timeGroupAlias", "value", "field", "series",
    "user", "dashboard", "time",
}  # fmt: skip
_NAME = re.compile(r"\$(?:\{(?P<braced>[A-Za-z_]\w*)[^}]*\}|(?P<plain>[A-Za-z_]\w*))")
_LINK = re.compile(r"/d/([\w-]+)(?:/[\w-]*)?(?:\?(\S*))?")


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def found(value: Any, key: str) -> Iterator[Any]:
    """Yield what stands under a key, wherever it is."""
    if isinstance(value, Mapping):
        if key in value:
            yield value[key]
        for one in value.values():
            yield from found(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from found(one, key)


def override_of(panel: Json, name: str) -> dict[str, Any]:
    """Return the properties that overrides by name give a field."""
    return {
        prop["id"]: prop["value"]
        for one in panel["fieldConfig"]["overrides"]
        if one["matcher"] == {"id": "byName", "options": name}
        for prop in one["properties"]
    }


def used(text: str) -> set[str]:
    """Return the board's own variables that a text uses."""
    names = {match["braced"] or match["plain"] for match in _NAME.finditer(text)}
    return {name for name in names if name.removeprefix("__") not in OF_GRAFANA}


def consumers(board: Json, source: Json) -> dict[str, list[Json]]:
    """Return query of a shared panel → the panels that show it."""
    shown: dict[str, list[Json]] = {target["refId"]: [] for target in source.get("targets", [])}
    for panel in panels(board):
        for target in panel.get("targets", []):
            if target.get("panelId") == source["id"]:
                for ref in _kept(panel, set(shown)):
                    shown[ref].append(panel)
    return shown


def _kept(panel: Json, refs: set[str]) -> set[str]:
    for step in panel.get("transformations", []):
        if step["id"] == "filterByRefId":
            refs = {ref for ref in refs if re.search(step["options"]["include"].strip("/"), ref)}
    return refs


def ids(board: Json) -> Iterator[str]:
    """Panels have an id each, and lie inside 24 columns without covering each other."""
    rows = [one for one in board["panels"] if one["type"] == "row"]
    count = Counter(one["id"] for one in [*panels(board), *rows])
    yield from (f"id {number} is of {times} panels" for number, times in count.items() if times > 1)
    for one in [*panels(board), *rows]:
        at = one["gridPos"]
        if min(at["x"], at["y"]) < 0 or min(at["w"], at["h"]) < 1 or at["x"] + at["w"] > 24:
            yield f"panel {one['title']!r} lies outside the 24 columns"
    for one, other in combinations(board["panels"], 2):
        if _overlap(one["gridPos"], other["gridPos"]):
            yield f"panels {one['title']!r} and {other['title']!r} cover each other"


def _overlap(one: Json, other: Json) -> bool:
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    return across and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]


def colours(board: Json) -> Iterator[str]:
    """Colours are those of the house, also in SQL."""
    for text in texts(board):
        for colour in set(re.findall(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b", text)) - PALETTE:
            if colour.lower() not in {"#ffffff", "#0b0f16"}:  # figures and ground of a plan
                yield f"colour {colour} is not one of the house"


def red(board: Json) -> Iterator[str]:
    """Red is trouble: never the ground of a tile at rest, nor the colour of a usual thing."""
    for panel in panels(board):
        config = panel["fieldConfig"]
        for steps in found(config, "steps") if panel["type"] == "stat" else ():
            ends_well = any(one["color"] == house.GREEN for one in steps)  # where much is good
            if steps and steps[0]["color"] in REDS and not ends_well:
                yield f"panel {panel['title']!r}: red is the base of its thresholds"
        if config["defaults"].get("color", {}).get("fixedColor") in REDS:
            yield f"panel {panel['title']!r} is red whatever it shows"
        for one in config["overrides"]:
            name = one["matcher"]["options"]
            if name not in TROUBLE and REDS & set(found(one["properties"], "fixedColor")):
                yield f"panel {panel['title']!r}: {name!r} is red whatever it holds"
        for value in sorted(_red_values(config) - TROUBLE):
            yield f"panel {panel['title']!r}: value {value!r} is red"


def _red_values(config: Json) -> set[str]:
    """Return the values that mappings paint red."""
    return {
        value
        for options in found(config, "options")
        if isinstance(options, Mapping)
        for value, result in options.items()
        if isinstance(result, Mapping) and result.get("color") in REDS and not value.isdigit()
    }


def units(board: Json) -> Iterator[str]:
    """What shows numbers says their unit and decimals."""
    for panel in panels(board):
        defaults, options = panel["fieldConfig"]["defaults"], panel["options"]
        said = {**defaults, **(options.get("cellValues", {}) if panel["type"] == "heatmap" else {})}
        wanted = {"unit", "decimals"} if panel["type"] in SHOW_NUMBERS | {"heatmap"} else set()
        if panel["type"] == "table":
            wanted = {"decimals"}
        yield from (
            f"panel {panel['title']!r} does not say its {name}" for name in wanted - said.keys()
        )


def age(board: Json) -> Iterator[str]:
    """Every board says how old its data are."""
    tiles = [
        one for one in panels(board) if any("age_seconds" in text for text in _asked(board, one))
    ]
    if not any(one["type"] == "stat" for one in tiles):
        yield "there is no tile with the age of the data"


def _asked(board: Json, panel: Json) -> Iterator[str]:
    """Yield the statements whose results a panel shows."""
    for target in panel.get("targets", []):
        if "rawSql" in target:
            yield target["rawSql"]
        for source in panels(board) if "panelId" in target else ():
            if source["id"] == target["panelId"]:
                kept = _kept(panel, {one["refId"] for one in source["targets"]})
                yield from (one["rawSql"] for one in source["targets"] if one["refId"] in kept)


def refreshing(board: Json) -> Iterator[str]:
    """Boards refresh as often as the server lets them, and are on one clock."""
    if board["refresh"] not in REFRESHES:
        yield f"refresh {board['refresh']!r} is not one of {REFRESHES}"
    if board["timezone"] != house.TIMEZONE:
        yield f"its clock is {board['timezone']}"


def limits(board: Json) -> Iterator[str]:
    """A list ends: every query of a table has a LIMIT that fits."""
    for panel in panels(board):
        if panel["type"] in {"table", "heatmap", "xychart", "bargauge", "barchart", "piechart"}:
            if panel["id"] == house.SHARED_PANEL:
                continue
            grid = any(one["id"] == "groupingToMatrix" for one in panel.get("transformations", []))
            most = MOST_CELLS if grid or panel["type"] in {"heatmap", "xychart"} else MOST_ROWS
            forms = {one["rawSql"]: one["format"] for one in found_queries(board)}
            for sql in _asked(board, panel):
                if forms[sql] == "table":
                    yield from _limit(panel, sql, most)


def found_queries(board: Json) -> Iterator[Json]:
    """Yield every query that goes to the database."""
    for panel in panels(board):
        yield from (target for target in panel.get("targets", []) if "rawSql" in target)


def _limit(panel: Json, sql: str, most: int) -> Iterator[str]:
    outer = re.findall(r"(?i)\blimit\s+(\d+)", sql)
    one_row = re.fullmatch(
        r"(?is)\s*select\s(?:(?!\bgroup\s+by\b).)*\b(sum|count|max|min)\(.*", sql
    )
    grouped = re.search(r"(?i)\bgroup\s+by\b", sql)
    if not outer and (grouped or not one_row):
        yield f"panel {panel['title']!r}: a query without LIMIT: {sql[:60]!r}"
    elif outer and min(map(int, outer)) > most:
        yield f"panel {panel['title']!r}: LIMIT {outer[-1]} is above {most}"


def shared(board: Json) -> Iterator[str]:
    """What is shared is there: the panel, its query; and no query is made for nobody."""
    by_id = {one["id"]: one for one in panels(board)}
    for panel in panels(board):
        refs = [one["refId"] for one in panel.get("targets", [])]
        if len(refs) != len(set(refs)):
            yield f"panel {panel['title']!r}: two queries of one name"
        for target in panel.get("targets", []):
            of_us = target["datasource"]["uid"] == "-- Dashboard --"
            if of_us != ("panelId" in target) or (of_us and target["panelId"] not in by_id):
                yield f"panel {panel['title']!r}: its shared panel is not there"
            elif of_us and not list(_asked(board, panel)):
                yield f"panel {panel['title']!r}: the shared panel has no such query"
        if target_ids := [one["panelId"] for one in panel.get("targets", []) if "panelId" in one]:
            steps = [one["id"] for one in panel.get("transformations", [])]
            several = any(len(by_id[one]["targets"]) > 1 for one in target_ids if one in by_id)
            if several and steps[:1] != ["filterByRefId"]:
                yield f"panel {panel['title']!r} does not pick one of the shared queries"
    for ref, shown in consumers(board, by_id.get(house.SHARED_PANEL, {"id": None})).items():
        if not shown:
            yield f"shared query {ref} is shown by no panel"


def sources(board: Json) -> Iterator[str]:
    """Every data source is one of those that are provisioned."""
    for one in found(board, "datasource"):
        if isinstance(one, Mapping) and one["uid"] not in SOURCES:
            yield f"data source {one['uid']!r} is not known"


def variables(board: Json) -> Iterator[str]:
    """Variables that are used are there, those that are there are used, and quoting is safe."""
    known = {one["name"]: one for one in board["templating"]["list"]}
    everything = [board["panels"], [one["query"] for one in known.values()], board["links"]]
    everywhere = {name for text in texts(everything) for name in used(text)}
    yield from (f"variable {name!r} is not there" for name in sorted(everywhere - known.keys()))
    yield from (f"variable {name!r} is used nowhere" for name in sorted(known.keys() - everywhere))
    for sql in texts([list(found(board, "rawSql")), [one["query"] for one in known.values()]]):
        for match in _NAME.finditer(sql):
            one = known.get(match["braced"] or match["plain"], {"type": "constant"})
            yield from _quoting(match[0], sql[: match.start()], one["type"])
    for one in known.values():
        if one.get("includeAll") and one.get("allValue") != "'__all__'":
            yield f"variable {one['name']!r}: All is not the sentinel"


def _quoting(written: str, before: str, kind: str) -> Iterator[str]:
    if kind not in {"constant", "interval"} and not written.endswith(":sqlstring}"):
        yield f"SQL has {written}: only :sqlstring is quoted as PostgreSQL needs it"
    elif kind == "textbox" and not before.endswith("replace("):
        yield f"SQL has {written} without undoing what Grafana does to double quotes"


def names(board: Json) -> Iterator[str]:
    """Names are shown where Grafana can: not in defaults, not on a field that a stat picks."""
    for panel in panels(board):
        title, heads = panel["title"], headings(panel)
        if "displayName" in panel["fieldConfig"]["defaults"]:
            yield f"panel {title!r}: a displayName in defaults empties stat panels"
        picked = panel["options"].get("reduceOptions", {}).get("fields", "").strip("/")
        for name, shown in heads.items() if picked else ():
            if re.search(picked, name) and not re.search(picked, shown):
                yield f"panel {title!r}: {picked} looks for display names"
        for one in panel["options"].get("sortBy", []):
            if one["displayName"] not in heads.values():
                yield f"panel {title!r} is sorted by {one['displayName']!r}: no column of it"


def headings(panel: Json) -> dict[str, str]:
    """Return what overrides look for → the name that they show."""
    return {
        one["matcher"]["options"]: prop["value"]
        for one in panel["fieldConfig"]["overrides"]
        for prop in one["properties"]
        if prop["id"] == "displayName"
    }


def lines_in_cells(board: Json) -> Iterator[str]:
    """A line in a cell is drawn over the panel's own time range, else it is empty."""
    for panel in panels(board):
        steps = [one["id"] for one in panel.get("transformations", [])]
        own = panel.get("timeFrom") and panel.get("hideTimeOverride")
        if "timeSeriesTable" in steps and not own:
            yield f"panel {panel['title']!r}: its lines have no time range of their own"


RULES: tuple[Callable[[Json], Iterator[str]], ...] = (
    ids, colours, red, units, age, refreshing, limits, shared, sources, variables, names,
    lines_in_cells,
)  # fmt: skip


def of_board(board: Json) -> list[str]:
    """Return what is wrong with one board; rules only where the shape is right."""
    wrong = list(problems(board, BOARD, "board"))
    if not wrong:
        wrong = [sentence for rule in RULES for sentence in rule(board)]
    return [f"{board.get('uid')}: {sentence}" for sentence in wrong]


def of_all(boards: list[Json]) -> list[str]:
    """Return what is wrong between boards: names twice, links to nowhere."""
    wrong = []
    for key in ("uid", "title"):
        count = Counter((board[key], "") for board in boards)
        wrong += [f"{key} {value!r} is of {n} boards" for (value, _), n in count.items() if n > 1]
    known = {board["uid"]: board for board in boards}
    for board in boards:
        for url in {text for text in texts(board) if "/d/" in text}:
            wrong += [f"{board['uid']}: {said}" for said in _link(url, board, known)]
        menus = [one for one in board["links"] if one["type"] == "dashboards"]
        if not any(set(one["tags"]) <= set(board["tags"]) for one in menus):
            wrong.append(f"{board['uid']}: no menu of the boards with its tags")
    return wrong


def _link(url: str, board: Json, known: dict[str, Json]) -> Iterator[str]:
    for uid, parameters in _LINK.findall(url):
        if uid not in known:
            yield f"{url!r} leads to no board"
        elif known[uid]["tags"] != board["tags"]:
            yield f"{url!r} leads to a board in another language"
        else:
            there = {one["name"] for one in known[uid]["templating"]["list"]}
            given = set(re.findall(r"(?:^|&)var-(\w+)=", parameters))
            given |= set(re.findall(r"\$\{(\w+):queryparam\}", parameters))
            yield from (f"{url!r}: {uid} has no variable {one!r}" for one in sorted(given - there))


def read(files: Iterator[Any]) -> list[Json]:
    """Return the boards of files."""
    return [json.loads(file.read_text()) for file in sorted(files)]
