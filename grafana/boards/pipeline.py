"""Pipeline: whether data arrive whole and in time, and what to look at when they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana import choices, house, panels
from grafana import columns as c
from grafana.board import Board, warehouses

if TYPE_CHECKING:
    from grafana.house import Json
    from grafana.language import Say

NAME = "pipeline"
FEW = ((None, house.GREEN), (0.01, house.YELLOW), (0.05, house.RED))
"""Share of the events that are late → colour."""
NONE = ((None, house.GREEN), (1, house.RED))
CLOCK = ((None, house.GREEN), (120, house.YELLOW), (300, house.RED))
"""Seconds since the last tick: one a minute is usual → colour."""
WAITS = ((None, house.GREEN), (10, house.YELLOW), (60, house.RED))
"""Seconds that a message has waited → colour."""
SECONDS = "suffix: s"
QUANTILES = {"p50": house.LIGHT_BLUE, "p95": house.YELLOW, "p99": house.ORANGE}
KINDS = {"live": house.GREEN, "offline": house.BLUE, "replay": house.PURPLE}


def build(say: Say) -> Board:
    """Return the board."""
    board = Board(say, NAME, variables=[warehouses(say)], since="now-6h")
    board.add("figures", (0, 0, 20, 4), _figures(say))
    board.add("age", (20, 0, 4, 4), panels.age(say))
    board.add("trend", (0, 4, 12, 8), _trend(say))
    board.add("rate", (12, 4, 12, 8), _rate(say))
    board.add("kinds", (0, 12, 12, 5), _kinds(say))
    board.add("partitions", (0, 17, 12, 10), _partitions(say))
    board.add("warehouses", (12, 12, 12, 8), _warehouses(say))
    board.add("relay", (12, 20, 12, 7), _relay(say))
    board.add("invariants", (0, 27, 12, 8), _invariants(say))
    board.add("devices", (12, 27, 12, 8), _devices(say))
    board.add("reject_codes", (0, 35, 7, 8), _reject_codes(say))
    board.add("rejects", (7, 35, 17, 8), _rejects(say))
    board.add("intake", (0, 43, 9, 8), _intake(say))
    board.add("forecasts", (9, 43, 8, 8), _forecasts(say))
    board.add("retention", (17, 43, 7, 8), _retention(say))
    return board


def _figures(say: Say) -> Json:
    sql = """
        SELECT p50, p95, p99, share_over_1s AS over_1s, share_over_3s AS over_3s,
            events / 900.0 AS per_second
        FROM screen.lag_now WHERE kind = 'live'"""
    lag = {"unit": SECONDS, "decimals": 2} | house.by_thresholds(house.LATE)
    share = {"unit": "percentunit", "decimals": 1} | house.by_thresholds(FEW)
    figures: dict[str, Json] = {
        "p50": lag, "p95": lag, "p99": lag, "over_1s": share, "over_3s": share,
        "per_second": {"decimals": 1} | house.fixed(house.BLUE),
    }  # fmt: skip
    return panels.stats(say, sql, figures, texts=f"{NAME}.figure", size=34)


def _trend(say: Say) -> Json:
    sql = f"""
        SELECT time_bucket('$__interval', time) AS time,
            sum(p50 * events) / nullif(sum(events), 0) AS p50, max(p95) AS p95, max(p99) AS p99
        FROM screen.lag_minutes
        WHERE $__timeFilter(time) AND kind = 'live' AND {house.chosen("warehouse")}
        GROUP BY 1 ORDER BY 1"""
    data = [house.query(say, sql, form="time_series")]
    series = {one: house.fixed(colour) for one, colour in QUANTILES.items()}
    return panels.lines(
        say, data, series, texts=f"{NAME}.lag", unit=SECONDS, decimals=2, fill=0, interval="1m"
    )


def _rate(say: Say) -> Json:
    sums = ", ".join(
        f"sum(events) FILTER (WHERE kind = '{one}') / ($__interval_ms / 1000.0) AS {one}"
        for one in KINDS
    )
    sql = f"""
        SELECT time_bucket('$__interval', time) AS time, {sums}
        FROM screen.lag_minutes WHERE $__timeFilter(time) AND {house.chosen("warehouse")}
        GROUP BY 1 ORDER BY 1"""
    data = [house.query(say, sql, form="time_series")]
    series = {one: house.fixed(colour) for one, colour in KINDS.items()}
    return panels.lines(
        say, data, series, texts=f"{NAME}.kind", decimals=1, stack=True, interval="1m"
    )


def _late() -> list[c.Column]:
    """Return the columns of lag: how many, quantiles, shares."""
    return [
        c.number("events", 80),
        *(c.graded(one, house.LATE, 80, SECONDS, 2) for one in QUANTILES),
        *(c.graded(one, FEW, 80, "percentunit", 1) for one in ("share_over_1s", "share_over_3s")),
    ]


def _kinds(say: Say) -> Json:
    sql = """
        SELECT kind, events, p50, p95, p99, share_over_1s, share_over_3s
        FROM screen.lag_now ORDER BY kind LIMIT 10"""
    plain = [c.number(one, 90, SECONDS, 2) for one in QUANTILES]
    shares = [c.number(one, 90, "percentunit", 1) for one in ("share_over_1s", "share_over_3s")]
    shown = [
        c.words("kind", say.family(f"{NAME}.kind")), c.number("events", 90), *plain, *shares
    ]  # fmt: skip
    return panels.table(say, sql, shown, board=NAME)


def _warehouses(say: Say) -> Json:
    sql = f"""
        SELECT warehouse_:lang AS warehouse_name, events, p50, p95, p99, share_over_1s,
            share_over_3s
        FROM screen.lag_warehouses WHERE kind = 'live' AND {house.chosen("warehouse")}
        ORDER BY p95 DESC NULLS LAST, warehouse LIMIT 50"""
    return panels.table(say, sql, [c.text("warehouse_name"), *_late()], board=NAME)


def _partitions(say: Say) -> Json:
    sql = """
        SELECT log_partition, warehouses, next_offset, clock_age_seconds, idle_seconds, per_second,
            applied, repeats, rejects
        FROM screen.partitions_now ORDER BY log_partition LIMIT 50"""
    shown = [
        c.number("log_partition", 75, "none"),
        c.text("warehouses"),
        c.number("next_offset", 100),
        c.graded("clock_age_seconds", CLOCK, 85, SECONDS),
        c.number("idle_seconds", 80, SECONDS),
        c.number("per_second", 80, decimals=1),
        c.number("applied", 100),
        c.number("repeats", 80),
        c.number("rejects", 80),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _relay(say: Say) -> Json:
    sql = """
        SELECT receiver, circuit, waiting, oldest_seconds, failures, open_until
        FROM screen.relay_queue ORDER BY waiting DESC, receiver LIMIT 50"""
    colours = {"closed": house.GREEN, "open": house.ORANGE, "off": house.GREY}
    shown = [
        c.text("receiver"),
        c.badge("circuit", say.family(f"{NAME}.circuit"), colours),
        c.number("waiting"),
        c.graded("oldest_seconds", WAITS, 100, SECONDS),
        c.number("failures"),
        c.moment("open_until", 130, "MM-DD HH:mm:ss"),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _invariants(say: Say) -> Json:
    sql = """
        SELECT name, at, checked, wrong, drift, duration_ms, drifting_since
        FROM screen.invariants ORDER BY wrong DESC, name LIMIT 50"""
    shown = [
        c.words("name", choices.known(say, "invariant")),
        c.moment("at", 110),
        c.number("checked", 90),
        c.graded("wrong", NONE, 70),
        c.number("drift", 80, decimals=2),
        c.number("duration_ms", 80, "ms"),
        c.moment("drifting_since", 110),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _devices(say: Say) -> Json:
    sql = f"""
        SELECT d.device, d.warehouse_:lang AS warehouse_name, d.missing, d.last_seq, d.reused,
            d.silent_seconds, a.rule AS alert
        FROM (SELECT * FROM screen.devices_now WHERE {house.chosen("warehouse")}) AS d
        LEFT JOIN LATERAL (
            SELECT o.rule FROM screen.open_alerts AS o
            WHERE o.subject = d.device AND o.rule IN ('device_silent', 'sequence_gap')
            ORDER BY o.rank, o.rule LIMIT 1
        ) AS a ON true
        ORDER BY a.rule IS NULL, d.missing DESC NULLS FIRST,
            d.silent_seconds DESC NULLS LAST LIMIT 50"""
    shown = [
        c.text("device"),
        c.text("warehouse_name", 160),
        c.graded("missing", NONE, 80),
        c.number("last_seq", 100),
        c.number("reused", 70),
        c.lasting("silent_seconds", 130),
        c.words("alert", choices.rules(say), 130),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _reject_codes(say: Say) -> Json:
    sql = """
        SELECT code, count(*) AS count, max(at) AS at
        FROM screen.rejects_day GROUP BY code ORDER BY 2 DESC, 1 LIMIT 20"""
    shown = [c.text("code"), c.number("count", 90), c.moment("at", 110)]
    return panels.table(say, sql, shown, board=NAME)


def _rejects(say: Say) -> Json:
    sql = """
        SELECT at, topic, code, field, message FROM screen.rejects_day ORDER BY at DESC LIMIT 20"""
    shown = [
        c.moment("at", 120, "MM-DD HH:mm:ss"),
        c.text("topic", 160),
        c.text("code", 140),
        c.text("field", 120),
        c.text("message", custom__wrapText=True),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _intake(say: Say) -> Json:
    sql = """
        SELECT topic, consumed, events, ignored, rejects, idle_seconds
        FROM screen.intake_now ORDER BY topic LIMIT 50"""
    shown = [
        c.text("topic"),
        *(c.number(one, 80) for one in ("consumed", "events", "ignored", "rejects")),
        c.lasting("idle_seconds", 120),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _forecasts(say: Say) -> Json:
    sql = f"""
        SELECT warehouse_:lang AS warehouse_name, made_on::text AS made_on, series, wape,
            plain_wape, duration_ms
        FROM screen.forecasts_now WHERE {house.chosen("warehouse")}
        ORDER BY made_on, warehouse LIMIT 50"""
    shown = [
        c.text("warehouse_name"),
        c.date("made_on", 95),
        c.number("series", 70),
        c.number("wape", 70, "percentunit"),
        c.number("plain_wape", 70, "percentunit"),
        c.number("duration_ms", 75, "ms"),
    ]
    return panels.table(say, sql, shown, board=NAME)


def _retention(say: Say) -> Json:
    sql = """
        SELECT relation, keep_days, gone_before, done_at
        FROM screen.retention_now ORDER BY done_at DESC NULLS LAST, relation LIMIT 50"""
    shown = [
        c.text("relation"),
        c.number("keep_days", 70),
        c.moment("gone_before", 100, "YYYY-MM-DD"),
        c.moment("done_at", 100),
    ]
    return panels.table(say, sql, shown, board=NAME)
