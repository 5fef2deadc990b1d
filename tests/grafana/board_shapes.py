"""The shape of a dashboard of Grafana 12.4: every key, type and value of what our boards use.

From the published types of its schema, per kind of panel. What a new board needs and is not here
is added here, once it was looked up: an unknown key is an error.
"""

from __future__ import annotations

import re

from tests.grafana.shapes import ANY, By, Shape, one_of

TEXT = re.compile(r"(?s).*\S.*")
UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
REF = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
COLOUR = re.compile(r"#[0-9a-f]{6}|rgba\(\d+, ?\d+, ?\d+, ?[\d.]+\)|transparent")
SPAN = re.compile(r"\d+[smhdwMy]")
MOMENT = re.compile(r"now([+-]\d+[smhdwMy])?(/[smhdwMy])?")
UNIT = re.compile(
    r"locale|none|short|string|percent|percentunit|s|ms|m|h|d|dtdurations|dthms|dtdhms|clocks"
    r"|bytes|decbytes|kbytes|masskg|lengthm|m3|areaM2|cps|ops|currencyJPY|rowsps|mps|eps"
    r"|dateTimeAsIso|dateTimeAsLocal|dateTimeFromNow|time:.+|(prefix|suffix):.+"
)
CALC = one_of("lastNotNull", "last", "first", "firstNotNull", "min", "max", "mean", "sum", "count")
AUTO_NEVER_ALWAYS = one_of("auto", "never", "always")
SCHEME = re.compile(r"[A-Z][A-Za-z]+")

THRESHOLDS = {
    "mode!": one_of("absolute", "percentage"),
    "steps!": [{"color!": COLOUR, "value!": (float, None)}],
}
COLOUR_MODE = re.compile(r"fixed|shades|thresholds|palette-classic(-by-name)?|continuous-[A-Za-z]+")
COLOURING = {
    "mode!": COLOUR_MODE,
    "fixedColor": COLOUR,
    "seriesBy": one_of("min", "max", "last"),
}
RESULT = {"text": str, "color": COLOUR, "icon": str, "index": int}
MAPPING = By("type", {
    "value": {"type!": str, "options!": {"*": RESULT}},
    "range": {"type!": str,
              "options!": {"from!": (float, None), "to!": (float, None), "result!": RESULT}},
    "regex": {"type!": str, "options!": {"pattern!": TEXT, "result!": RESULT}},
    "special": {"type!": str, "options!": {
        "match!": one_of("empty", "false", "nan", "null", "null+nan", "true"),
        "result!": RESULT}},
})  # fmt: skip
LINK = {"title!": TEXT, "url!": TEXT, "targetBlank": bool, "oneClick": bool}
PAIRS = [[str]]
ACTION = {
    "type!": one_of("fetch"), "title!": TEXT, "confirmation": str, "oneClick": bool,
    "style": {"backgroundColor": COLOUR},
    "fetch": {"method!": one_of("GET", "POST", "PUT", "PATCH", "DELETE"), "url!": TEXT,
              "body": str, "headers": PAIRS, "queryParams": PAIRS},
}  # fmt: skip

HIDE = {"legend": bool, "tooltip": bool, "viz": bool}
SCALE = {"type!": one_of("linear", "log", "ordinal", "symlog"), "log": int,
         "linearThreshold": float}  # fmt: skip
AXIS = {
    "axisBorderShow": bool, "axisCenteredZero": bool, "axisColorMode": one_of("series", "text"),
    "axisGridShow": bool, "axisLabel": str, "axisSoftMax": float, "axisSoftMin": float,
    "axisPlacement": one_of("auto", "bottom", "hidden", "left", "right", "top"),
    "axisWidth": int, "scaleDistribution": SCALE,
}  # fmt: skip
STYLE = {"fill": one_of("solid", "dash", "dot", "square"), "dash": [int]}
THRESHOLD_STYLE = {"mode!": one_of("area", "dashed", "dashed+area", "line", "line+area", "off")}
GRADIENT = one_of("hue", "none", "opacity", "scheme")
GRAPH = {
    "drawStyle": one_of("bars", "line", "points"), "lineWidth": int, "fillOpacity": int,
    "lineInterpolation": one_of("linear", "smooth", "stepAfter", "stepBefore"),
    "lineStyle": STYLE, "gradientMode": GRADIENT, "showPoints": AUTO_NEVER_ALWAYS,
    "pointSize": int, "spanNulls": (bool, float), "insertNulls": (bool, float),
    "fillBelowTo": str, "showValues": bool, "barAlignment": one_of(-1, 0, 1),
    "barMaxWidth": int, "barWidthFactor": float, "thresholdsStyle": THRESHOLD_STYLE,
    "transform": one_of("constant", "negative-Y"), "hideFrom": HIDE,
    "stacking": {"group": str, "mode": one_of("none", "normal", "percent")}, **AXIS,
}  # fmt: skip
PLAIN = {"type!": one_of("auto", "color-text", "pill", "data-links", "json-view", "actions")}
CELL = By("type", {
    **dict.fromkeys(PLAIN["type!"].values, PLAIN),
    "color-background": {"type!": str, "mode": one_of("basic", "gradient"), "applyToRow": bool},
    "gauge": {"type!": str, "mode": one_of("basic", "gradient", "lcd"),
              "valueDisplayMode": one_of("color", "hidden", "text")},
    "sparkline": {"type!": str, "hideValue": bool, **GRAPH},
    "markdown": {"type!": str, "dynamicHeight": bool},
    "image": {"type!": str, "alt": str, "title": str},
})  # fmt: skip
CUSTOM: dict[str, dict[str, Shape]] = {
    "timeseries": GRAPH,
    "barchart": {"fillOpacity": int, "gradientMode": GRADIENT, "lineWidth": int,
                 "thresholdsStyle": THRESHOLD_STYLE, "hideFrom": HIDE, **AXIS},
    "piechart": {"hideFrom": HIDE},
    "heatmap": {"hideFrom": HIDE, "scaleDistribution": SCALE},
    "state-timeline": {"fillOpacity": int, "lineWidth": int, "hideFrom": HIDE,
                       "spanNulls": (bool, float), "insertNulls": (bool, float), **AXIS},
    "status-history": {"fillOpacity": int, "lineWidth": int, "hideFrom": HIDE, **AXIS},
    "xychart": {
        "fillOpacity": int, "lineStyle": STYLE, "lineWidth": int, "hideFrom": HIDE,
        "pointShape": one_of("circle", "square"), "pointStrokeWidth": int,
        "pointSize": {"fixed": int, "min": int, "max": int},
        "show": one_of("lines", "points", "points+lines"), **AXIS,
    },
    "table": {
        "align": one_of("auto", "left", "right", "center"), "cellOptions": CELL,
        "filterable": bool, "footer": {"reducers": [CALC]}, "inspect": bool, "minWidth": int,
        "width": int, "wrapText": bool, "wrapHeaderText": bool, "hideFrom": HIDE,
        "styleField": str, "tooltip": {"field!": str, "placement": str},
    },
}  # fmt: skip
STANDARD = {
    "unit": UNIT, "decimals": int, "min": float, "max": float, "noValue": str,
    "displayName": TEXT, "description": str, "color": COLOURING, "thresholds": THRESHOLDS,
    "mappings": [MAPPING], "links": [LINK], "actions": [ACTION], "filterable": bool,
}  # fmt: skip

TOOLTIP = {"mode!": one_of("single", "multi", "none"), "sort": one_of("none", "asc", "desc"),
           "hideZeros": bool, "maxHeight": int, "maxWidth": int}  # fmt: skip
LEGEND = {"showLegend!": bool, "displayMode": one_of("list", "table", "hidden"),
          "placement": one_of("bottom", "right"), "calcs": [CALC], "width": int,
          "sortBy": str, "sortDesc": bool}  # fmt: skip
REDUCE = {"values!": bool, "calcs!": [CALC], "fields!": str, "limit": int}
DIRECTION = one_of("auto", "horizontal", "vertical")
SIZES = {"titleSize": int, "valueSize": int, "percentSize": int}
ONE_MATCHER = {"matcher!": {"id!": one_of("byName", "byIndex", "byType"), "options!": (str, int)}}
LINE = {"color": {"fixed": COLOUR, "field": str}, "radius": int, "width": int}
PLACEMENT = dict.fromkeys(("top", "left", "right", "bottom", "width", "height", "rotation"), float)
CONSTRAINT = {"horizontal": one_of("center", "left", "leftright", "right", "scale"),
              "vertical": one_of("bottom", "center", "scale", "top", "topbottom")}  # fmt: skip
GROUND = {"color": {"fixed": (COLOUR, one_of("")), "field": str}}
ELEMENT = {
    "type!": one_of("rectangle", "metric-value", "text", "ellipse"), "name!": TEXT,
    "placement!": PLACEMENT, "constraint!": CONSTRAINT, "background": GROUND, "border": LINE,
    "links": [LINK],
    "config": {
        "align": one_of("left", "center", "right"), "valign": one_of("top", "middle", "bottom"),
        "size": int, "color": {"fixed": COLOUR, "field": str},
        "text": {"mode": one_of("field", "fixed", "template"), "fixed": str, "field": str},
    },
}  # fmt: skip
STAT_UNITS = {"mainStatUnit": str, "secondaryStatUnit": str}
TIMELINE = {
    "alignValue": one_of("left", "center", "right"), "mergeValues": bool, "rowHeight": float,
    "showValue": AUTO_NEVER_ALWAYS, "legend": LEGEND, "tooltip": TOOLTIP, "perPage": int,
}  # fmt: skip
OPTIONS: dict[str, dict[str, Shape]] = {
    "timeseries": {"legend!": LEGEND, "tooltip!": TOOLTIP},
    "stat": {
        "reduceOptions!": REDUCE, "orientation": DIRECTION, "text": SIZES,
        "textMode": one_of("auto", "value", "value_and_name", "name", "none"),
        "colorMode": one_of("background", "background_solid", "value", "none"),
        "graphMode": one_of("none", "line", "area"), "justifyMode": one_of("auto", "center"),
        "wideLayout": bool, "showPercentChange": bool,
        "percentChangeColorMode": one_of("standard", "inverted", "same_as_value"),
    },
    "table": {
        "showHeader!": bool, "cellHeight": one_of("sm", "md", "lg", "auto"), "frameIndex": int,
        "frozenColumns": {"left": int}, "enablePagination": bool, "maxRowHeight": int,
        "sortBy": [{"displayName!": TEXT, "desc": bool}],
    },
    "barchart": {
        "orientation": DIRECTION, "xField": str, "colorByField": str, "legend!": LEGEND,
        "showValue": AUTO_NEVER_ALWAYS, "stacking": one_of("none", "normal", "percent"),
        "barWidth": float, "groupWidth": float, "barRadius": float, "fullHighlight": bool,
        "xTickLabelRotation": int, "xTickLabelSpacing": int, "xTickLabelMaxLength": int,
        "tooltip!": TOOLTIP, "text": SIZES,
    },
    "bargauge": {
        "reduceOptions!": REDUCE, "orientation": DIRECTION, "text": SIZES, "legend": LEGEND,
        "displayMode": one_of("basic", "gradient", "lcd"), "showUnfilled": bool,
        "valueMode": one_of("color", "hidden", "text"), "sizing": one_of("auto", "manual"),
        "namePlacement": one_of("auto", "hidden", "left", "top"),
        "minVizWidth": int, "minVizHeight": int, "maxVizHeight": int,
    },
    "gauge": {
        "reduceOptions!": REDUCE, "orientation": DIRECTION, "text": SIZES,
        "showThresholdLabels": bool, "showThresholdMarkers": bool,
        "sizing": one_of("auto", "manual"), "minVizWidth": int, "minVizHeight": int,
    },
    "piechart": {
        "reduceOptions!": REDUCE, "pieType": one_of("donut", "pie"), "text": SIZES,
        "displayLabels": [one_of("name", "percent", "value")],
        "legend!": LEGEND | {"values": [one_of("percent", "value")]}, "tooltip!": TOOLTIP,
        "orientation": DIRECTION, "sort": one_of("none", "asc", "desc"),
    },
    "heatmap": {
        "calculate!": bool, "cellGap": int, "cellRadius": int, "showValue": AUTO_NEVER_ALWAYS,
        "cellValues": {"unit": UNIT, "decimals": int}, "legend": {"show!": bool},
        "color!": {
            "mode!": one_of("scheme", "opacity"), "scheme": SCHEME, "reverse": bool,
            "steps": int, "min": float, "max": float, "fill": str, "exponent": float,
            "scale": one_of("linear", "exponential"),
        },
        "filterValues": {"le": float, "ge": float}, "exemplars": {"color!": COLOUR},
        "rowsFrame": {"layout": one_of("auto", "unknown", "ge", "le"), "value": str},
        "yAxis": AXIS | {"decimals": int, "min": float, "max": float, "reverse": bool,
                         "unit": UNIT},
        "tooltip": {"mode!": one_of("single", "multi", "none"), "showColorScale": bool,
                    "yHistogram": bool, "maxHeight": int, "maxWidth": int},
        "selectionMode": one_of("x", "y", "xy"),
    },
    "xychart": {
        "mapping!": one_of("auto", "manual"), "legend!": LEGEND, "tooltip!": TOOLTIP,
        "series!": [{"frame": ONE_MATCHER, "x": ONE_MATCHER, "y": ONE_MATCHER,
                     "color": ONE_MATCHER, "size": ONE_MATCHER, "name": {"fixed": str}}],
    },
    "canvas": {
        "inlineEditing!": one_of(False), "showAdvancedTypes": bool, "panZoom": bool,  # noqa: FBT003
        "zoomToContent": bool,
        "tooltip": {"mode!": one_of("single", "multi", "none"), "disableForOneClick": bool},
        "root!": {"type!": one_of("frame"), "name!": str, "elements!": [ELEMENT],
                  "background": GROUND, "border": LINE, "constraint": CONSTRAINT,
                  "placement": PLACEMENT},
    },
    "nodeGraph": {
        "nodes": STAT_UNITS | {"arcs": [{"field": str, "color": COLOUR}]}, "edges": STAT_UNITS,
        "zoomMode": one_of("cooperative", "greedy"),
        "layoutAlgorithm": one_of("layered", "force", "grid"),
    },
    "state-timeline": TIMELINE,
    "status-history": TIMELINE | {"colWidth": float},
    "text": {"mode!": one_of("markdown", "html"), "content!": TEXT},
    "alertlist": {
        "alertName": str, "alertInstanceLabelFilter": str, "dashboardAlerts": bool,
        "datasource": str, "folder": (None, {"uid!": UID, "title": str}), "groupBy": [str],
        "groupMode": one_of("default", "custom"), "maxItems": int, "showInstances": bool,
        "showInactiveAlerts": bool, "sortOrder": one_of(1, 2, 3, 4, 5),
        "viewMode": one_of("list", "stat"),
        "stateFilter": dict.fromkeys(
            ("error", "firing", "noData", "normal", "pending", "recovering"), bool),
    },
}  # fmt: skip

PLACE = dict.fromkeys(("x!", "y!", "w!", "h!"), int)
SOURCE = {"type!": TEXT, "uid!": TEXT}
FORM = one_of("table", "time_series")
TARGET = (
    {"refId!": REF, "datasource!": SOURCE, "editorMode": one_of("code"), "format!": FORM,
     "rawQuery!": one_of(True), "rawSql!": TEXT, "hide": bool},  # noqa: FBT003
    {"refId!": REF, "datasource!": SOURCE, "panelId!": int, "withTransforms": bool},
    {"refId!": REF, "datasource!": SOURCE, "queryType!": one_of("measurements"),
     "channel!": re.compile(r"stream/[\w/-]+"), "filter": {"fields": [str]}, "buffer": int},
)  # fmt: skip
FLAGS = {"*": bool}
TRANSFORMATIONS: dict[str, Shape] = {
    "filterByRefId": {"include!": re.compile(r"/\^.+\$/|[A-Za-z][A-Za-z0-9_]*")},
    "organize": {"excludeByName": FLAGS, "includeByName": FLAGS, "indexByName": {"*": int},
                 "renameByName": {"*": str}, "orderByMode": one_of("manual", "auto")},
    "timeSeriesTable": {"*": {"stat!": CALC, "timeField": one_of("Time", "time")}},
    "joinByField": {"byField!": TEXT, "mode!": one_of("outer", "inner", "outerTabular")},
    "groupingToMatrix": {"columnField!": TEXT, "rowField!": TEXT, "valueField!": TEXT,
                         "emptyValue!": one_of("null", "zero", "empty", "true", "false")},
    "filterFieldsByName": {"include": {"names": [str], "pattern": str},
                           "exclude": {"names": [str], "pattern": str}},
    "partitionByValues": {"fields!": [str], "keepFields": bool,
                          "naming": {"asLabels": bool, "frameName": bool}},
    "sortBy": {"fields": FLAGS, "sort": [{"field!": TEXT, "desc": bool}]},
    "prepareTimeSeries": {"format!": one_of("wide", "long", "multi")},
    "rowsToFields": {"mappings": [{"fieldName!": TEXT, "handlerKey!": TEXT}]},
    "merge": {},
}  # fmt: skip
TRANSFORMATION = By("id", {
    name: {"id!": str, "options!": options, "disabled": bool}
    for name, options in TRANSFORMATIONS.items()
})  # fmt: skip
MATCHER = By("id", {
    "byName": {"id!": str, "options!": TEXT},
    "byRegexp": {"id!": str, "options!": TEXT},
    "byFrameRefID": {"id!": str, "options!": REF},
    "byType": {"id!": str, "options!": one_of("number", "string", "time", "boolean")},
})  # fmt: skip


def properties(kind: str) -> By:
    """Return the shape of an override's properties in a kind of panel."""
    custom = CUSTOM.get(kind, {})
    known = STANDARD | {f"custom.{name}": shape for name, shape in custom.items()}
    if kind == "table":
        known |= {f"custom.hideFrom.{part}": bool for part in HIDE}
    return By("id", {name: {"id!": str, "value!": shape} for name, shape in known.items()})


def panel(kind: str) -> dict[str, Shape]:
    """Return the shape of a kind of panel."""
    overrides = [{"matcher!": MATCHER, "properties!": [properties(kind)]}]
    return {
        "id!": int, "type!": str, "title!": TEXT, "description!": TEXT,
        "pluginVersion!": one_of("12.4.0"), "gridPos!": PLACE,
        "datasource": SOURCE, "targets": [TARGET], "options!": OPTIONS[kind],
        "fieldConfig!": {
            "defaults!": STANDARD | {"custom": CUSTOM.get(kind, {})}, "overrides!": overrides,
        },
        "transformations": [TRANSFORMATION], "interval": SPAN, "timeFrom": SPAN,
        "timeShift": SPAN, "hideTimeOverride": bool, "transparent": bool, "maxDataPoints": int,
        "links": [LINK], "repeat": str, "repeatDirection": one_of("h", "v"), "maxPerRow": int,
    }  # fmt: skip


PANEL = By("type", {kind: panel(kind) for kind in OPTIONS})
ROW = {
    "id!": int, "type!": one_of("row"), "title!": TEXT, "collapsed!": bool, "panels!": [PANEL],
    "gridPos!": PLACE,
}  # fmt: skip
CHOICE = {"text!": (str, [str]), "value!": (str, [str]), "selected": bool}
ALL_VARIABLES = {
    "type!": str, "name!": re.compile(r"[a-z][a-z_0-9]*"), "label": TEXT, "description": str,
    "hide": one_of(0, 1, 2, 3), "skipUrlSync": bool, "current": CHOICE, "options": [CHOICE],
    "query!": str,
}  # fmt: skip
CHOSEN = {"multi": bool, "includeAll": bool, "allValue": str, "allowCustomValue": bool}
VARIABLE = By("type", {
    "query": ALL_VARIABLES | CHOSEN | {
        "datasource!": SOURCE, "definition": str, "refresh!": one_of(1, 2), "regex": str,
        "sort": one_of(0, 1, 2, 3, 4, 5, 6, 7, 8)},
    "custom": ALL_VARIABLES | CHOSEN | {"valuesFormat": one_of("csv", "json")},
    "textbox": ALL_VARIABLES,
    "constant": ALL_VARIABLES,
    "interval": ALL_VARIABLES | {"auto": bool, "auto_count": int, "auto_min": SPAN},
})  # fmt: skip
MENU = {"title!": TEXT, "tooltip": str, "icon": TEXT, "targetBlank": bool, "includeVars!": bool,
        "keepTime!": bool, "url": str, "tags": [TEXT], "asDropdown": bool,
        "type!": one_of("link", "dashboards")}  # fmt: skip
ANNOTATION = {"name!": TEXT, "enable!": bool, "iconColor!": COLOUR, "datasource!": SOURCE,
              "hide": bool, "target": ANY, "builtIn": int, "type": str}  # fmt: skip
BOARD = {
    "uid!": UID, "title!": TEXT, "description!": TEXT, "schemaVersion!": one_of(42),
    "version": int, "tags!": [TEXT], "timezone!": TEXT, "editable!": one_of(False),  # noqa: FBT003
    "graphTooltip": one_of(0, 1, 2), "refresh!": (SPAN, one_of("")),
    "time!": {"from!": MOMENT, "to!": MOMENT}, "timepicker": {"refresh_intervals": [SPAN],
                                                              "hidden": bool},
    "templating!": {"list!": [VARIABLE]}, "annotations!": {"list!": [ANNOTATION]},
    "links!": [MENU], "panels!": [By("type", {"row": ROW, **PANEL.shapes})], "weekStart": str,
    "liveNow": bool,
}  # fmt: skip
