"""Alert centre: what is open, for whom and why; what was sent; which actions wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana import choices, house, panels, why
from grafana import columns as c
from grafana.board import Board, search, url, warehouses

if TYPE_CHECKING:
    from grafana.house import Json
    from grafana.language import Say

NAME = "alert_center"
HERE = house.here()
"""What is about no warehouse, such as the pipeline, is always shown."""
CHOSEN = f"""
    {HERE} AND {house.chosen("severity")} AND {house.chosen("rule")}
    AND {choices.roles_chosen("roles")}"""
SOME = ((None, house.IDLE), (1, house.YELLOW))
SHARE = ((None, house.RED), (0.99, house.YELLOW), (1, house.GREEN))
ACTION_COLOURS = {
    "proposed": house.ORANGE, "approved": house.LIGHT_BLUE, "sent": house.BLUE,
    "done": house.GREEN, "rejected": house.GREY, "withdrawn": house.IDLE, "failed": house.RED,
}  # fmt: skip


def build(say: Say) -> Board:
    """Return the board."""
    variables = [
        warehouses(say),
        choices.choice(say, "role", say.family("role")),
        choices.choice(say, "severity", say.family("severity")),
        choices.choice(say, "rule", choices.rules(say)),
        search(say, "alert"),
        choices.constant("app_url", choices.APP_URL),
        choices.constant("runbook_url", house.RUNBOOK),
    ]
    board = Board(say, NAME, variables=variables, since="now-24h")
    board.add("figures", (0, 0, 20, 4), _figures(say))
    board.add("age", (20, 0, 4, 4), panels.age(say))
    board.add("roles", (0, 4, 8, 8), _roles(say))
    board.add("rules", (8, 4, 8, 8), _rules(say))
    board.add("trend", (16, 4, 8, 8), _trend(say))
    board.add("open", (0, 12, 24, 13), _open(say))
    board.add("steps", (0, 25, 11, 9), why.steps(say, NAME))
    board.add("observed", (11, 25, 4, 9), why.figures(say, NAME))
    board.add("events", (15, 25, 9, 9), why.events(say, NAME))
    board.add("actions", (0, 34, 16, 8), _actions(say))
    board.add("action_states", (16, 34, 8, 8), _action_states(say))
    board.add("security", (0, 42, 24, 8), _security(say))
    board.add("times", (0, 50, 24, 10), _times(say))
    board.add("channels", (0, 60, 11, 7), _channels(say))
    board.add("undelivered", (11, 60, 13, 7), _undelivered(say))
    return board


def _figures(say: Say) -> Json:
    sql = f"""
        SELECT count(*) FILTER (WHERE severity = 'critical') AS critical,
            count(*) FILTER (WHERE severity = 'warning') AS warning,
            count(*) FILTER (WHERE severity = 'info') AS info,
            count(*) FILTER (WHERE state = 'open') AS unacknowledged,
            (SELECT count(*) FROM screen.actions_waiting WHERE {HERE}) AS waiting,
            (SELECT sum(waiting) FROM screen.relay_queue) AS undelivered
        FROM screen.open_alerts WHERE {CHOSEN}"""
    figures = {
        "critical": house.by_thresholds([(None, house.IDLE), (1, house.RED)]),
        "warning": house.by_thresholds(SOME),
        "info": house.by_thresholds([(None, house.IDLE), (1, house.BLUE)]),
        "unacknowledged": house.by_thresholds(SOME),
        "waiting": house.by_thresholds([(None, house.IDLE), (1, house.BLUE)]),
        "undelivered": house.by_thresholds([*SOME, (100, house.RED)]),
    }
    return panels.stats(say, sql, figures, texts=f"{NAME}.figure")


def _roles(say: Say) -> Json:
    sql = f"""
        SELECT {house.worded("role", say.family("role"))} AS name, {_SEVERITIES}
        FROM (SELECT unnest(roles) AS role, severity FROM screen.open_alerts
              WHERE {CHOSEN}) AS one
        WHERE {house.chosen("role")}
        GROUP BY role ORDER BY count(*) DESC LIMIT 12"""
    return panels.bars(say, sql, "name", _COLOURS, texts="severity", stack=True, horizontal=True)


def _rules(say: Say) -> Json:
    sql = f"""
        SELECT {house.worded("rule", choices.rules(say))} AS name, {_SEVERITIES}
        FROM screen.open_alerts WHERE {CHOSEN}
        GROUP BY rule ORDER BY count(*) DESC LIMIT 20"""
    return panels.bars(say, sql, "name", _COLOURS, texts="severity", stack=True, horizontal=True)


_SEVERITIES = ", ".join(
    f"count(*) FILTER (WHERE severity = '{one}') AS {one}" for one in house.SEVERITY_COLOURS
)
_COLOURS = {one: house.fixed(colour) for one, colour in house.SEVERITY_COLOURS.items()}


def _trend(say: Say) -> Json:
    sql = f"""
        SELECT time_bucket('1 hour', time) AS time, sum(opened)::double precision AS opened,
            sum(resolved)::double precision AS resolved
        FROM screen.alert_flow WHERE $__timeFilter(time) AND {CHOSEN}
        GROUP BY 1 ORDER BY 1"""
    series = {"opened": house.fixed(house.ORANGE), "resolved": house.fixed(house.GREEN)}
    data = [house.query(say, sql, form="time_series")]
    return panels.lines(say, data, series, texts=f"{NAME}.figure", bars=True)


def _open(say: Say) -> Json:
    sql = f"""
        SELECT s.severity, s.rule, s.warehouse_:lang AS warehouse_name, m.message_:lang AS message,
            s.sku, s.lot, s.bin, s.subject, s.value AS figure, s.threshold,
            extract(epoch FROM now() - s.opened_at)::double precision AS lasting,
            s.acknowledged_by, s.alert_id, s.warehouse, replace(s.rule, '_', '-') AS runbook
        FROM (SELECT * FROM screen.open_alerts WHERE {CHOSEN}
              ORDER BY rank, state DESC, opened_at, alert_id LIMIT 50) AS s
        {why.SAID}
        ORDER BY s.rank, s.state DESC, s.opened_at, s.alert_id"""
    runbook = house.link(
        say(f"{NAME}.link.runbook"), "${runbook_url:raw}#${__data.fields.runbook}", new_tab=True
    )
    chosen = "".join(f"${{{one}:queryparam}}&" for one in ("warehouse", "role", "severity", "rule"))
    this = f"/d/{say.uid(NAME)}?{chosen}var-alert={house.field('alert_id')}&${{__url_time_range}}"
    trace = url(say, "flow_trace", sku=house.field("sku"), lot=house.field("lot"), document="")
    bin_ = url(say, "bin", warehouse=house.field("warehouse"), bin=house.field("bin"))
    paper = url(say, "flow_trace", sku=house.field("sku"), lot="", document=house.field("subject"))
    shown = [
        c.badge("severity", say.family("severity"), house.SEVERITY_COLOURS, 80),
        c.words("rule", choices.rules(say), 150, links=[runbook]),
        c.text("warehouse_name", 140),
        c.text("message", links=[house.link(say(f"{NAME}.link.why"), this)],
               custom__wrapText=True),
        c.text("sku", 120, links=[house.link(say(f"{NAME}.link.sku"),
                                             url(say, "sku", sku=house.field("sku")))]),
        c.text("lot", 120, links=[house.link(say(f"{NAME}.link.trace"), trace)]),
        c.text("bin", 80, links=[house.link(say(f"{NAME}.link.bin"), bin_)]),
        c.text("subject", 160, links=[house.link(say(f"{NAME}.link.trace"), paper)]),
        c.number("figure", 80, decimals=1),
        c.number("threshold", 80, decimals=1),
        c.lasting("lasting", 140),
        c.text("acknowledged_by", 120),
        *map(c.hidden, ("alert_id", "warehouse", "runbook")),
    ]  # fmt: skip
    return panels.table(say, sql, shown, board=NAME)


def _actions(say: Say) -> Json:
    sql = f"""
        SELECT kind, warehouse_:lang AS warehouse_name, sku, item_:lang AS item, quantity, value,
            projected, reorder_point, demand_per_day, rule,
            extract(epoch FROM now() - proposed_at)::double precision AS lasting,
            {house.literal(say(f"{NAME}.decide"))} AS decide, action_id
        FROM screen.actions_waiting WHERE {HERE} AND {choices.roles_chosen("roles")}
        ORDER BY proposed_at, action_id LIMIT 50"""
    page = f"${{app_url:raw}}/m/actions/{house.field('action_id')}"
    to_sku = house.link(say(f"{NAME}.link.sku"), url(say, "sku", sku=house.VALUE))
    shown = [
        c.words("kind", choices.kinds(say), 100),
        c.text("warehouse_name", 130),
        c.text("sku", 110, links=[to_sku]),
        c.text("item"),
        c.number("quantity", 70),
        c.money("value", 90),
        c.number("projected", 80),
        c.number("reorder_point", 80, decimals=1),
        c.number("demand_per_day", 80, decimals=1),
        c.words("rule", choices.rules(say), 130),
        c.lasting("lasting", 120),
        c.text("decide", 90, links=[house.link(say(f"{NAME}.link.decide"), page, new_tab=True)]),
        c.hidden("action_id"),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _action_states(say: Say) -> Json:
    states = say.family("action_state")
    counts = ", ".join(
        f"sum(actions) FILTER (WHERE state = '{one}')::double precision AS {one}" for one in states
    )
    sql = f"""
        SELECT {house.worded("kind", choices.kinds(say))} AS name, {counts}
        FROM screen.actions_week WHERE {HERE} GROUP BY kind ORDER BY kind LIMIT 10"""
    series = {one: house.fixed(ACTION_COLOURS[one]) for one in states}
    return panels.bars(say, sql, "name", series, texts="action_state", stack=True)


def _security(say: Say) -> Json:
    sql = f"""
        SELECT severity, rule, warehouse_:lang AS warehouse_name, sku, item_:lang AS item, lot, bin,
            value AS figure, (observed ->> 'value')::double precision AS value,
            observed ->> 'operator' AS operator, observed ->> 'document' AS document, opened_at
        FROM screen.open_alerts
        WHERE {HERE} AND rule IN
            ('shrinkage', 'unexplained_move', 'high_value_unrecorded', 'bin_overweight')
        ORDER BY rank, value DESC NULLS LAST, opened_at LIMIT 50"""
    trace = url(say, "flow_trace", sku=house.field("sku"),
                lot=house.field("lot"), document="")  # fmt: skip
    shown = [
        c.badge("severity", say.family("severity"), house.SEVERITY_COLOURS, 80),
        c.words("rule", choices.rules(say), 160),
        c.text("warehouse_name", 150),
        c.text("sku", 120, links=[house.link(say(f"{NAME}.link.trace"), trace)]),
        c.text("item"),
        c.text("lot", 130),
        c.text("bin", 90),
        c.number("figure", 90, decimals=1),
        c.money("value", 110, decimals=2),
        c.text("operator", 120),
        c.text("document", 160),
        c.moment("opened_at"),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _times(say: Say) -> Json:
    sql = f"""
        SELECT rule, warehouse_:lang AS warehouse_name, alerts, unanswered, to_sent_p50_s,
            to_sent_p95_s, to_answer_p50_s, to_answer_p95_s, to_resolved_p50_s, to_resolved_p95_s,
            to_order_p95_s, answered_within_10_min
        FROM screen.responses WHERE {HERE} AND {house.chosen("rule")}
        ORDER BY unanswered DESC, alerts DESC, rule, warehouse LIMIT 50"""
    shown = [
        c.words("rule", choices.rules(say)),
        c.text("warehouse_name", 180),
        c.number("alerts", 80),
        c.number("unanswered", 100),
        c.number("to_sent_p50_s", 110, "suffix: s", 1),
        c.number("to_sent_p95_s", 110, "suffix: s", 1),
        c.lasting("to_answer_p50_s", 150),
        c.lasting("to_answer_p95_s", 150),
        c.lasting("to_resolved_p50_s", 150),
        c.lasting("to_resolved_p95_s", 150),
        c.lasting("to_order_p95_s", 150),
        c.number("answered_within_10_min", 120, "percentunit"),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _channels(say: Say) -> Json:
    sql = """
        SELECT receiver, messages, delivered, waiting, given_up, share, p50, p95, p99
        FROM screen.deliveries_day ORDER BY share, receiver LIMIT 50"""
    shown = [
        c.text("receiver"),
        c.number("messages", 80),
        c.number("delivered", 80),
        c.number("waiting", 80),
        c.number("given_up", 80),
        c.graded("share", SHARE, 80, "percentunit", 1),
        *(c.number(one, 80, "suffix: s", 2) for one in ("p50", "p95", "p99")),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _undelivered(say: Say) -> Json:
    sql = """
        SELECT created_at AS at, receiver, state, name AS what, severity, warehouse, attempts,
            next_attempt_at, last_error
        FROM screen.undelivered_now ORDER BY created_at, message_id, receiver LIMIT 50"""
    names = choices.rules(say) | choices.kinds(say)
    colours = {"waiting": house.YELLOW, "given_up": house.RED}
    shown = [
        c.moment("at", 110),
        c.text("receiver", 90),
        c.badge("state", say.family("delivery_state"), colours, 80),
        c.words("what", names, 130),
        c.words("severity", say.family("severity"), 80),
        c.text("warehouse", 80),
        c.number("attempts", 70),
        c.moment("next_attempt_at", 110),
        c.text("last_error"),
    ]
    return panels.table(say, sql, shown, board=NAME)
