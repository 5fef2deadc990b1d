"""Panels with the house's defaults, one function a kind; `Board.add` gives id, place and texts.

`data` is SQL (one query, as a table), a list of queries made by `house.query`, or `Shared(name)`:
that query of the board's shared panel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grafana import house

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grafana.columns import Column
    from grafana.house import Json
    from grafana.language import Say

LEGEND = {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []}
NO_LEGEND = LEGEND | {"showLegend": False}
SEEN = {"hideFrom": {"legend": False, "tooltip": False, "viz": False}}
LINEAR = {"scaleDistribution": {"type": "linear"}}


@dataclass(frozen=True)
class Shared:
    """The result of a query of the board's shared panel, by its name there."""

    name: str


def panel(
    say: Say,
    kind: str,
    data: str | list[Json] | Shared,
    options: Json,
    *,
    defaults: Json | None = None,
    overrides: Sequence[Json] = (),
    **more: Any,
) -> Json:
    """Return a panel of any kind."""
    made: Json = {
        "type": kind,
        "pluginVersion": house.VERSION,
        "datasource": house.SOURCE,
        "options": options,
        "fieldConfig": {"defaults": defaults or {}, "overrides": list(overrides)},
        **more,
    }
    if isinstance(data, Shared):
        made["datasource"] = house.SHARED
        source = {"refId": "A", "datasource": house.SHARED, "panelId": house.SHARED_PANEL}
        made["targets"] = [source]
        only = {"id": "filterByRefId", "options": {"include": f"/^{data.name}$/"}}
        made["transformations"] = [only, *more.get("transformations", [])]
    else:
        made["targets"] = [house.query(say, data)] if isinstance(data, str) else data
    return made


def stat(
    say: Say,
    data: str | list[Json] | Shared,
    name: str = "",
    *,
    unit: str = "locale",
    decimals: int = 0,
    steps: Sequence[tuple[float | None, str]] | None = None,
    colour: str = house.LIGHT_BLUE,
    size: int = 40,
    ground: bool = False,
    **more: Any,
) -> Json:
    """Return one figure: column `name` of the first row, by thresholds or in one colour."""
    paint = house.fixed(colour) if steps is None else house.by_thresholds(steps)
    options = _figure("value", {"valueSize": size}, f"/^{name}$/" if name else "", ground=ground)
    defaults = {"unit": unit, "decimals": decimals, "noValue": "–", **paint}
    return panel(say, "stat", data, options, defaults=defaults, **more)


def stats(
    say: Say,
    data: str | list[Json] | Shared,
    figures: dict[str, Json],
    *,
    texts: str = "column",
    unit: str = "locale",
    decimals: int = 0,
    ground: bool = True,
    title_size: int = 20,
    size: int = 40,
    **more: Any,
) -> Json:
    """Return several figures of one row, each with its name (`texts.NAME` of the catalogue).

    `figures` is column → the properties of its override, such as `house.by_thresholds(…)`.
    """
    sizes = {"titleSize": title_size, "valueSize": size}
    options = _figure("value_and_name", sizes, "", ground=ground)
    defaults = {
        "unit": unit,
        "decimals": decimals,
        "noValue": "–",
        **house.by_thresholds([(None, house.IDLE)]),
    }
    overrides = _named(say, texts, figures)
    return panel(say, "stat", data, options, defaults=defaults, overrides=overrides, **more)


def _figure(mode: str, sizes: Json, fields: str, *, ground: bool) -> Json:
    return {
        "reduceOptions": {"values": False, "calcs": ["lastNotNull"], "fields": fields},
        "orientation": "auto",
        "textMode": mode,
        "colorMode": "background" if ground else "value",
        "graphMode": "none",
        "justifyMode": "center",
        "wideLayout": True,
        "showPercentChange": False,
        "text": sizes,
    }


def _named(say: Say, texts: str, columns: dict[str, Json]) -> list[Json]:
    """Return the override of each column: its name, and its properties."""
    return [
        house.override(name, displayName=say(f"{texts}.{name}"), **properties)
        for name, properties in columns.items()
    ]


def table(
    say: Say,
    data: str | list[Json] | Shared,
    columns: Sequence[Column],
    *,
    board: str,
    sort: tuple[str, bool] | None = None,
    **more: Any,
) -> Json:
    """Return a table; headings of `board` come first; `sort` is (column, descending)."""
    heads = {c.name: _heading(say, board, c) for c in columns}
    options: Json = {"showHeader": True, "cellHeight": "sm"}
    if sort:
        options["sortBy"] = [{"displayName": heads[sort[0]], "desc": sort[1]}]
    defaults = {
        "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False},
        "noValue": "–",
        "decimals": 0,
    }
    overrides = [column.override(heads[column.name]) for column in columns]
    return panel(say, "table", data, options, defaults=defaults, overrides=overrides, **more)


def _heading(say: Say, board: str, column: Column) -> str:
    if not column.headed:
        return ""
    return say.get(f"{board}.column.{column.name}") or say(f"column.{column.name}")


def lines(
    say: Say,
    data: str | list[Json] | Shared,
    series: dict[str, Json],
    *,
    texts: str = "column",
    unit: str = "locale",
    decimals: int = 0,
    fill: int = 15,
    stack: bool = False,
    bars: bool = False,
    **more: Any,
) -> Json:
    """Return lines over time; `series` is column → the properties of its override.

    Without series each value of the label column is a line with a colour of its own.
    """
    custom = {
        "drawStyle": "bars" if bars else "line",
        "lineWidth": 1 if bars else 2,
        "fillOpacity": 80 if bars else fill,
        "showPoints": "never",
        "spanNulls": False,
        "lineInterpolation": "linear",
        "axisPlacement": "auto",
        "axisLabel": "",
        "stacking": {"mode": "normal" if stack else "none", "group": "A"},
        **LINEAR,
        **SEEN,
    }
    defaults = {
        "unit": unit,
        "decimals": decimals,
        "color": {"mode": "palette-classic"},
        "custom": custom,
    }
    overrides = _named(say, texts, series)
    options = {"legend": LEGEND, "tooltip": {"mode": "multi", "sort": "none"}}
    return panel(say, "timeseries", data, options, defaults=defaults, overrides=overrides, **more)


def bars(
    say: Say,
    data: str | list[Json] | Shared,
    x: str,
    series: dict[str, Json],
    *,
    texts: str = "column",
    unit: str = "locale",
    decimals: int = 0,
    colour_by: str | None = None,
    steps: Sequence[tuple[float | None, str]] = (),
    horizontal: bool = False,
    stack: bool = False,
    **more: Any,
) -> Json:
    """Return a bar per row: column `x` names it, `series` are its values.

    `colour_by` is a column whose thresholds (`steps`) colour the bars; it is not drawn itself.
    """
    custom = {
        "fillOpacity": 85,
        "lineWidth": 0,
        "gradientMode": "none",
        "axisPlacement": "auto",
        "axisLabel": "",
        **LINEAR,
        **SEEN,
    }
    defaults = {
        "unit": unit,
        "decimals": decimals,
        "min": 0,
        "color": {"mode": "palette-classic"},
        "custom": custom,
    }
    overrides = _named(say, texts, series)
    options: Json = {
        "orientation": "horizontal" if horizontal else "vertical",
        "xField": x,
        "showValue": "auto",
        "stacking": "normal" if stack else "none",
        "barWidth": 0.8,
        "groupWidth": 0.7,
        "barRadius": 0.05,
        "fullHighlight": False,
        "xTickLabelRotation": 0,
        "xTickLabelSpacing": 0,
        "legend": LEGEND if len(series) > 1 else NO_LEGEND,
        "tooltip": {"mode": "multi", "sort": "none"},
    }
    if colour_by:
        options["colorByField"] = colour_by
        away = {"legend": True, "tooltip": True, "viz": True}
        paint = house.by_thresholds(steps)
        overrides.append(house.override(colour_by, **paint, custom__hideFrom=away))
    return panel(say, "barchart", data, options, defaults=defaults, overrides=overrides, **more)


def bar_gauge(
    say: Say,
    data: str | list[Json] | Shared,
    *,
    unit: str = "percent",
    decimals: int = 0,
    most: float | None = 100,
    steps: Sequence[tuple[float | None, str]] = house.FILLED,
    **more: Any,
) -> Json:
    """Return a horizontal bar per row: the text column names it, the number is its length."""
    options = {
        "reduceOptions": {"values": True, "calcs": ["lastNotNull"], "fields": ""},
        "orientation": "horizontal",
        "displayMode": "basic",
        "valueMode": "color",
        "namePlacement": "top",
        "showUnfilled": True,
        "sizing": "auto",
        "minVizWidth": 8,
        "minVizHeight": 16,
        "maxVizHeight": 60,
        "legend": NO_LEGEND,
    }
    defaults = {"unit": unit, "decimals": decimals, "min": 0, **house.by_thresholds(steps)}
    if most is not None:
        defaults["max"] = most
    return panel(say, "bargauge", data, options, defaults=defaults, **more)


def donut(
    say: Say,
    data: str | list[Json] | Shared,
    *,
    unit: str = "locale",
    decimals: int = 0,
    colours: dict[str, str] | None = None,
    **more: Any,
) -> Json:
    """Return shares of a whole: the text column names a part, the number is its size."""
    options = {
        "reduceOptions": {"values": True, "calcs": ["lastNotNull"], "fields": ""},
        "pieType": "donut",
        "displayLabels": ["name", "percent"],
        "legend": NO_LEGEND,
        "tooltip": {"mode": "single", "sort": "none"},
    }
    defaults = {
        "unit": unit,
        "decimals": decimals,
        "color": {"mode": "palette-classic"},
        "custom": SEEN,
    }
    overrides = [house.override(name, **house.fixed(c)) for name, c in (colours or {}).items()]
    return panel(say, "piechart", data, options, defaults=defaults, overrides=overrides, **more)


AGE = "SELECT age_seconds AS age FROM screen.freshness"


def age(say: Say, data: str | Shared = AGE, size: int = 28) -> Json:
    """Return the tile that says how old the board's data are, in seconds since the last commit."""
    return stat(say, data, "age", unit="suffix: s", steps=house.AGE, size=size)
