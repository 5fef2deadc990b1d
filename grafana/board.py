"""A board: its panels in their places, its variables, its links; and as the JSON of Grafana.

Title and description of panel `totals` of board `water` are the texts `water.totals.title` and
`water.totals.description`; those of the board are `water.title` and `water.description`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grafana import house

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grafana.house import Json
    from grafana.language import Say

REFRESHES = ["1s", "3s", "5s", "10s", "30s", "1m"]
Place = tuple[int, int, int, int]
"""x, y, width (of 24), height."""


class Board:
    """One board in one language."""

    def __init__(
        self,
        say: Say,
        name: str,
        *,
        refresh: str = "10s",
        since: str = "now-6h",
        variables: Sequence[Json] = (),
        links: Sequence[Json] = (),
    ) -> None:
        """Begin an empty board."""
        self.say, self.name = say, name
        self.ids: dict[str, int] = {}
        self._panels: list[Json] = []
        self._refresh, self._since = refresh, since
        self._variables, self._links = list(variables), list(links)

    def add(self, name: str, at: Place, panel: Json) -> None:
        """Put a panel in its place."""
        self.ids[name] = len(self.ids) + 1
        self._panels.append(self._placed(name, self.ids[name], at, panel))

    def share(self, queries: dict[str, str], forms: dict[str, str] | None = None) -> None:
        """Add the panel whose queries the others share: one request a refresh for all of them.

        It is the last one, in a closed row. `forms` says which are time_series.
        """
        forms = forms or {}
        targets = [
            house.query(self.say, sql, name, forms.get(name, "table"))
            for name, sql in queries.items()
        ]
        panel: Json = {
            "type": "table",
            "pluginVersion": house.VERSION,
            "datasource": house.SOURCE,
            "targets": targets,
            "options": {"showHeader": True, "cellHeight": "sm"},
            "fieldConfig": {"defaults": {"decimals": 0}, "overrides": []},
            "interval": "1m",
        }
        below = 1 + max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in self._panels)
        inner = self._placed("shared", house.SHARED_PANEL, (0, below + 1, 24, 6), panel)
        row = {
            "id": house.SHARED_PANEL - 1,
            "type": "row",
            "title": self.say("board.shared.row"),
            "collapsed": True,
            "gridPos": {"x": 0, "y": below, "w": 24, "h": 1},
            "panels": [inner],
        }
        self._panels.append(row)

    def _placed(self, name: str, number: int, at: Place, panel: Json) -> Json:
        where = "board" if name in {"age", "shared"} else self.name
        return panel | {
            "id": number,
            "title": self.say(f"{where}.{name}.title"),
            "description": self.say(f"{where}.{name}.description"),
            "gridPos": dict(zip("xywh", at, strict=True)),
        }

    def json(self) -> Json:
        """Return the board as Grafana's JSON model."""
        say = self.say
        return {
            "uid": say.uid(self.name),
            "title": say(f"{self.name}.title"),
            "description": say(f"{self.name}.description"),
            "schemaVersion": 42,
            "version": 1,
            "tags": [say.tag],
            "timezone": house.TIMEZONE,
            "editable": False,
            "graphTooltip": 1,
            "refresh": self._refresh,
            "time": {"from": self._since, "to": "now"},
            "timepicker": {"refresh_intervals": REFRESHES},
            "templating": {"list": self._variables},
            "annotations": {"list": []},
            "links": [self._boards(), *self._links],
            "panels": self._panels,
        }

    def _boards(self) -> Json:
        """Return the menu of the other boards of this language; time and variables go along."""
        return {
            "type": "dashboards",
            "title": self.say("board.menu"),
            "tags": [self.say.tag],
            "asDropdown": True,
            "includeVars": True,
            "keepTime": True,
            "targetBlank": False,
            "icon": "external link",
            "url": "",
            "tooltip": "",
        }


def url(say: Say, board: str, **values: str) -> str:
    """Return the address of another board: `var-NAME=value` each, and the time that is shown."""
    chosen = "".join(f"var-{name}={value}&" for name, value in values.items())
    return f"/d/{say.uid(board)}?{chosen}${{__url_time_range}}"


def listed(say: Say, name: str, sql: str, *, several: bool = True, **more: Any) -> Json:
    """Return a variable whose values a query lists (columns __text, __value).

    Of several, All is the sentinel '__all__': see `house.chosen`.
    """
    statement = say.sql(sql)
    variable: Json = {
        "type": "query",
        "name": name,
        "label": say(f"variable.{name}"),
        "datasource": house.SOURCE,
        "query": statement,
        "definition": statement,
        "refresh": 1,
        "multi": several,
        "includeAll": several,
        "sort": 0,
        "regex": "",
        "options": [],
        "hide": 0,
        **more,
    }
    if several:
        all_of_them = {"text": ["All"], "value": ["$__all"]}
        variable |= {"allValue": "'__all__'", "current": all_of_them}
    return variable


def search(say: Say, name: str, value: str = "") -> Json:
    """Return a text box; its SQL value is `house.typed(name)`."""
    current = {"text": value, "value": value}
    return {
        "type": "textbox",
        "name": name,
        "label": say(f"variable.{name}"),
        "query": value,
        "current": current,
        "options": [current | {"selected": True}],
        "hide": 0,
    }


def warehouses(say: Say, *, several: bool = True) -> Json:
    """Return the variable `warehouse`."""
    sql = """
        SELECT warehouse_:lang AS __text, warehouse AS __value
        FROM screen.warehouse_list ORDER BY 1"""
    return listed(say, "warehouse", sql, several=several)


def zones(say: Say, *, several: bool = True) -> Json:
    """Return the variable `zone`: the zones of the chosen warehouses."""
    sql = f"""
        SELECT DISTINCT zone AS __text, zone AS __value FROM screen.zones_now
        WHERE zone <> '' AND {house.chosen("warehouse")} ORDER BY 1"""
    return listed(say, "zone", sql, several=several)


def categories(say: Say) -> Json:
    """Return the variable `category`."""
    sql = "SELECT category AS __text, category AS __value FROM screen.category_list ORDER BY 1"
    return listed(say, "category", sql)
