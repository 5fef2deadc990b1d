"""Why an alert rang: its transitions, the figures at its last one, and the events behind it.

The alert is that of the text box `alert`; where that is empty, the most urgent one that is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana import choices, house, panels
from grafana import columns as c
from grafana.board import url

if TYPE_CHECKING:
    from grafana.house import Json
    from grafana.language import Say

ALERT = f"""coalesce(nullif(trim({house.typed("alert")}), ''), (
        SELECT o.alert_id FROM screen.open_alerts AS o
        ORDER BY o.rank, o.state DESC, o.opened_at, o.alert_id LIMIT 1))"""


SAID = """LEFT JOIN LATERAL (
            SELECT a.message_en, a.message_zh FROM screen.alert_steps AS a
            WHERE a.alert_id = s.alert_id AND a.transition <> 'acknowledged'
            ORDER BY a.at DESC, a.log_offset DESC LIMIT 1
        ) AS m ON true"""
"""What is last said of alert `s`, with figures: m.message_en, m.message_zh. One look-up a row."""


def steps(say: Say, board: str) -> Json:
    """Return the table of its transitions, the latest first."""
    sql = f"""
        SELECT at, transition, severity, message_:lang AS message, actor, alert_id
        FROM screen.alert_steps WHERE alert_id = {ALERT}
        ORDER BY at DESC, log_offset DESC LIMIT 30"""
    shown = [
        c.moment("at", 110, "MM-DD HH:mm:ss"),
        c.words("transition", say.family("transition"), 90),
        c.badge("severity", say.family("severity"), house.SEVERITY_COLOURS, 70),
        c.text("message", custom__wrapText=True),
        c.text("actor", 100),
        c.text("alert_id", 130),
    ]
    return panels.table(say, sql, shown, board=board)


def figures(say: Say, board: str) -> Json:
    """Return the table of its threshold and of what was observed."""
    sql = f"""
        SELECT f.what, f.found
        FROM (
            SELECT * FROM screen.alert_steps
            WHERE alert_id = {ALERT} AND transition <> 'acknowledged'
            ORDER BY at DESC, log_offset DESC LIMIT 1
        ) AS s
        CROSS JOIN LATERAL (
            SELECT 0 AS place, 'threshold' AS what, trim_scale(s.threshold)::text AS found
            UNION ALL
            SELECT 1, j.key, j.value FROM jsonb_each_text(s.observed) AS j
            WHERE j.key NOT IN ('name', 'name_zh')
        ) AS f
        WHERE f.found IS NOT NULL
        ORDER BY f.place, f.what LIMIT 40"""
    shown = [c.words("what", say.family("observed")), c.text("found", 130)]
    return panels.table(say, sql, shown, board=board)


def events(say: Say, board: str) -> Json:
    """Return the table of the events behind it, with what they moved."""
    sql = f"""
        SELECT event_id, occurred_at AS at, type, quantity, bin, document, operator, device, sku
        FROM screen.alert_events WHERE alert_id = {ALERT}
        ORDER BY place, occurred_at LIMIT 50"""
    trace = url(say, "flow_trace", sku=house.field("sku"), lot="",
                document=house.field("document"))  # fmt: skip
    shown = [
        c.text("event_id", links=[house.link(say(f"{board}.link.trace"), trace)]),
        c.moment("at", 110, "MM-DD HH:mm:ss"),
        c.words("type", choices.known(say, "type"), 80),
        c.number("quantity", 70),
        c.text("bin", 70),
        c.text("document", 120),
        c.text("operator", 80),
        c.text("device", 100),
        c.hidden("sku"),
    ]
    return panels.table(say, sql, shown, board=board)
