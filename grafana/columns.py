"""Columns of tables: a name of the SQL, how it is shown, and its heading from the catalogue.

The heading of column `on_hand` is the text `column.on_hand`, or `BOARD.column.on_hand` where a
board means something else by it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from grafana import house

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grafana.house import Json


@dataclass(frozen=True)
class Column:
    """One column; `properties` are those of its override, in their ids with __ for a dot."""

    name: str
    properties: dict[str, Any] = field(default_factory=dict)
    matcher: str = "byName"
    found_by: str = ""
    """What the matcher looks for, if not the name."""
    headed: bool = True

    def override(self, heading: str) -> Json:
        """Return the override that shows it, under its heading if it has one."""
        found_by = self.found_by or self.name
        named = {"displayName": heading} if self.headed else {}
        return house.override(found_by, self.matcher, **named, **self.properties)


def _column(name: str, width: int | None, more: dict[str, Any]) -> Column:
    wide = {} if width is None else {"custom__width": width}
    return Column(name, wide | more)


def text(name: str, width: int | None = None, **more: Any) -> Column:
    """Return a column of texts; without a width it takes what is left."""
    return _column(name, width, more)


def number(
    name: str, width: int = 90, unit: str = "locale", decimals: int = 0, **more: Any
) -> Column:
    """Return a column of numbers."""
    return _column(name, width, {"unit": unit, "decimals": decimals, **more})


def money(name: str, width: int = 110, **more: Any) -> Column:
    """Return a column of yuan."""
    return number(name, width, "prefix:¥", **more)


def moment(name: str, width: int = 120, shown: str = "MM-DD HH:mm", **more: Any) -> Column:
    """Return a column of times (timestamptz) on the board's clock."""
    return _column(name, width, {"unit": f"time:{shown}", **more})


def date(name: str, width: int = 110, **more: Any) -> Column:
    """Return a column of dates; the SQL gives them as text (YYYY-MM-DD)."""
    return _column(name, width, more)


def lasting(name: str, width: int = 130, **more: Any) -> Column:
    """Return a column of durations in seconds."""
    return _column(name, width, {"unit": "dtdurations", "decimals": 0, **more})


def badge(
    name: str, texts: dict[str, str], colours: dict[str, str], width: int = 90, **more: Any
) -> Column:
    """Return a column of words on a coloured ground: value → text and value → colour."""
    shown = {
        "mappings": house.mapping(texts, colours),
        "custom__cellOptions": {"type": "color-background", "mode": "basic"},
        "custom__align": "center",
    }
    return _column(name, width, shown | more)


def words(name: str, texts: dict[str, str], width: int | None = None, **more: Any) -> Column:
    """Return a column of words: value → text, uncoloured."""
    return _column(name, width, {"mappings": house.mapping(texts), **more})


def graded(
    name: str,
    steps: Sequence[tuple[float | None, str]],
    width: int = 90,
    unit: str = "locale",
    decimals: int = 0,
    **more: Any,
) -> Column:
    """Return a column of numbers on a ground coloured by thresholds."""
    shown = {
        "unit": unit,
        "decimals": decimals,
        "custom__cellOptions": {"type": "color-background", "mode": "basic"},
        "custom__align": "center",
        **house.by_thresholds(steps),
    }
    return _column(name, width, shown | more)


def gauge(
    name: str,
    steps: Sequence[tuple[float | None, str]],
    most: float,
    width: int = 200,
    unit: str = "percent",
) -> Column:
    """Return a column of bars from 0 to `most`."""
    shown = {
        "unit": unit,
        "decimals": 0,
        "min": 0,
        "max": most,
        "custom__cellOptions": {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"},
        **house.by_thresholds(steps),
    }
    return _column(name, width, shown)


def hidden(name: str) -> Column:
    """Return a column that only links and colours need."""
    return Column(name, {"custom__hideFrom__viz": True}, headed=False)


def sparkline(name: str, found_by: str, width: int = 200) -> Column:
    """Return a column of small lines; `found_by` is a regex, as Grafana names the column itself."""
    cell = {
        "type": "sparkline",
        "hideValue": True,
        "drawStyle": "line",
        "lineWidth": 2,
        "fillOpacity": 20,
        "lineInterpolation": "linear",
        "gradientMode": "none",
    }
    shown = {"custom__width": width, "custom__cellOptions": cell, **house.fixed(house.LIGHT_BLUE)}
    return Column(name, shown, "byRegexp", found_by)
