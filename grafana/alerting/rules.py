"""Alert rules: one a rule of Waterline over `screen.open_alerts`, and the heartbeats.

A row is an open episode; its text columns are the labels, by which an alert is the same one at the
next evaluation. So a label is what an episode keeps (id, severity, place, names, threshold), never
a text that may change while it lasts: figures come as `$values`. A row that is gone is resolved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana.alerting import house
from grafana.boards import alert_center
from grafana.language import languages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from grafana.alerting.house import Json
    from grafana.language import Say

PANEL = "open"
"""The panel of the alert centre that an alert links to."""
MOST = 500
"""Rows of a rule: a storm is cut here, the board has the rest."""
LABELS = (
    *("alert_id", "rule", "severity", "roles", "warehouse", "warehouse_en", "warehouse_zh"),
    *("sku", "item_en", "item_zh", "lot", "bin", "subject", "threshold"),
)
"""What becomes labels: text, never NULL."""
AS_TEXT = {
    "roles": "array_to_string(roles, ',') AS roles",
    "threshold": "coalesce(trim_scale(threshold)::text, '') AS threshold",
}
"""Labels whose columns are no text."""
HEARTBEATS = {
    "flow": ("flow_age_seconds", 180),
    "clock": ("clock_age_seconds", 180),
    "relay": ("relay_age_seconds", 300),
    "totals": ("totals_age_seconds", 300),
}
"""Heartbeat → its column of `screen.heartbeats`, and the seconds over which it rings."""
DIGITS = {"lag_high": 1, "bin_overweight": 1, "predicted_stock_out": 1, "invariant_drift": 1}
"""Decimals of a rule's figure; 0 where nothing is said."""


def groups() -> Iterator[Json]:
    """Yield a group a family of rules, and that of the heartbeats."""
    for family, names in house.FAMILIES.items():
        yield _group(family, [_rule(name, family) for name in names])
    yield _group("heartbeat", [_heartbeat(name) for name in HEARTBEATS])


def _group(name: str, rules: list[Json]) -> Json:
    return {
        "orgId": house.ORG,
        "name": name,
        "folder": house.FOLDER,
        "interval": "10s",
        "rules": rules,
    }


def _rule(name: str, family: str) -> Json:
    columns = ", ".join(AS_TEXT.get(label, label) for label in LABELS)
    sql = (
        f"SELECT coalesce(value, 0) AS value, {columns} FROM screen.open_alerts"
        f" WHERE rule = '{name}' ORDER BY rank, alert_id LIMIT {MOST}"
    )
    flow_words = house.both()
    title = f"{flow_words['zh'](f'rule.{name}.name')} · {flow_words['en'](f'rule.{name}.name')}"
    return {
        "uid": f"wl-{house.dashed(name)}",
        "title": title,
        **_asked(sql, -1_000_000_000),
        "for": "0s",
        "noDataState": "OK",
        "execErrState": "KeepLast",
        "missing_series_evals_to_resolve": 1,
        "annotations": _annotations(name, _summary(name, DIGITS.get(name, 0))),
        "labels": {"team": house.TEAM, "family": family, "kind": "episode"},
    }


def _heartbeat(name: str) -> Json:
    column, limit = HEARTBEATS[name]
    said = {say.lang[:2]: say for say in languages()}
    texts = {
        lang: say(f"alerting.heartbeat.{name}.summary", value=_value(0))
        for lang, say in said.items()
    }
    title = " · ".join(said[lang](f"alerting.heartbeat.{name}.name") for lang in ("zh", "en"))
    return {
        "uid": f"wl-heartbeat-{name}",
        "title": title,
        **_asked(f"SELECT {column} AS value FROM screen.heartbeats", limit),
        "for": "0s",
        "noDataState": "Alerting",
        "execErrState": "Error",
        "annotations": _annotations("heartbeat", texts),
        "labels": {
            "team": house.TEAM,
            "family": "heartbeat",
            "kind": "heartbeat",
            "rule": f"heartbeat_{name}",
            "severity": "critical",
            "roles": "platform",
        },
    }


def _asked(sql: str, above: int) -> Json:
    """Return query A and the condition C that it is above a number."""
    span = {"from": 60, "to": 0}
    query = {
        "refId": "A",
        "format": "table",
        "rawQuery": True,
        "editorMode": "code",
        "rawSql": sql,
    }
    threshold = {
        "refId": "C",
        "type": "threshold",
        "expression": "A",
        "conditions": [{"evaluator": {"type": "gt", "params": [above]}}],
    }
    return {
        "condition": "C",
        "data": [
            _query("A", house.SOURCE, span, query),
            _query("C", "__expr__", span, threshold),
        ],
    }


def _query(ref: str, source: str, span: Json, model: Json) -> Json:
    return {"refId": ref, "datasourceUid": source, "relativeTimeRange": dict(span), "model": model}


def _annotations(runbook: str, texts: Mapping[str, str]) -> Json:
    return {
        **{f"summary_{lang}": text for lang, text in texts.items()},
        "runbook_url": f"{house.RUNBOOK}#{house.dashed(runbook)}",
        **_panel(),
    }


def _summary(name: str, digits: int) -> dict[str, str]:
    """Return where, what with its figures, then of which goods: a message may cut the end."""
    made = {}
    for say in languages():
        lang = say.lang[:2]
        told = say(f"alerting.{name}.summary", value=_value(digits), threshold=_threshold(say))
        between = say("alerting.between")
        where = f"{{{{ with $labels.warehouse_{lang} }}}}{{{{ . }}}}{between}{{{{ end }}}}"
        made[lang] = f"{where}{told}{_object(lang, name)}"
    return made


def _object(lang: str, name: str) -> str:
    """Return the template of what an alert is about; what is empty is left out."""
    parts = [f"item_{lang}", "sku", "lot", "bin"]
    if name != "shrinkage":  # the subject of a count is the id of its event
        parts.append("subject")
    return "".join(f"{{{{ with $labels.{part} }}}} · {{{{ . }}}}{{{{ end }}}}" for part in parts)


def _threshold(say: Say) -> str:
    text = say("alerting.threshold", threshold="{{ . }}")
    return f"{{{{ with $labels.threshold }}}}{text}{{{{ end }}}}"


def _value(digits: int) -> str:
    """Return the template of the figure; it is missing on errors and where nothing came back."""
    return (
        f'{{{{ with $values.A }}}}{{{{ printf "%.{digits}f" .Value }}}}{{{{ else }}}}–{{{{ end }}}}'
    )


def _panel() -> Json:
    """Return the annotations that link to the panel of open alerts."""
    board = alert_center.build(next(languages()))
    return {
        "__dashboardUid__": board.say.uid(board.name),
        "__panelId__": str(board.ids[PANEL]),
    }
