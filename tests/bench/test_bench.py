"""The bench: the shape of what it says, and that its counts add up; never how fast it is."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice

import psycopg
import pytest
from confluent_kafka.admin import AdminClient

from connectors.queries import Queries
from connectors.trouble import Trouble
from flows.bench import latency, load, report
from flows.bench.queries import fill
from flows.bench.scenarios import Run
from flows.cli import build
from flows.commands.look import QUERIES
from flows.domain.decode.formats import decode_log, decode_order, decode_scan
from flows.domain.events import Inbound, OrderLine, Outbound
from flows.settings import Settings
from flows.words import words
from grafana.asking import BOARDS

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
SERVERS = ("flow", "database", "broker")


def bench(settings, *options):
    """Run the command in this process."""
    args = build(settings).parse_args(["bench", *options])
    return args.run(args, settings)


def remains(settings):
    """Return the bench's databases and topics on the servers."""
    with psycopg.connect(settings.dsn) as database:
        rows = database.execute(
            "select datname from pg_database where datname like 'waterline_bench_%'"
        ).fetchall()
    topics = AdminClient({"bootstrap.servers": settings.brokers}).list_topics(timeout=10).topics
    prefix = f"{settings.topic_prefix}bench-"
    return [name for (name,) in rows], [name for name in topics if name.startswith(prefix)]


def test_the_same_plan_gives_the_same_bytes():
    """The flow and the limit are measured with the same work."""
    first, second = (list(load.log_events(50, START, 7)) for _ in range(2))
    assert first == second
    assert {warehouse for warehouse, _ in load.log_once(16, START)} == set(load.WAREHOUSES)


def test_a_run_rarely_leaves_less_than_there_must_be():
    """With the opening stock no SKU of a usual run comes near its threshold; a crossing scan does.

    The same work without it walks around zero.
    """
    least, now = defaultdict(Decimal), defaultdict(Decimal)
    for _, value in load.log_events(300_000, START):
        [event] = decode_log(value, None, {})
        key = event.warehouse, event.sku
        now[key] += event.quantity if type(event) is Inbound else -event.quantity
        least[key] = min(least[key], now[key])
    assert -load.OPENING + load.SAFETY < min(least.values()) < -load.SAFETY
    assert 0 < load.OPENING - load.CROSSING < load.SAFETY


def test_what_the_bench_sends_is_taken():
    """Scans and Debezium changes decode to events: nothing is measured by being refused."""
    scans = [decode_scan(value, None, {}) for _, value in load.scans(4, START)]
    assert [type(one) for (one,) in scans] == [Inbound, Outbound, Inbound, Outbound]
    changes = [
        decode_order(value, key.encode(), {})
        for key, value in islice(load.order_changes(4, START), 4)
    ]
    assert [type(one) for (one,) in changes] == [OrderLine] * 4
    assert [one.state for (one,) in changes] == ["open", "closed"] * 2


def test_several_runs_become_median_and_spread():
    """Three runs are shown as their middle and how far apart they were."""
    cpu = {"flow": 1.0, "database": None, "broker": 0.5}
    runs = [Run(100, seconds, 2 * seconds, cpu, 10.0) for seconds in (1.0, 2.0, 4.0)]
    figures = report.summary({"core": runs, "limit": runs[:1]})
    assert figures["core"]["events_per_s"] == 50
    assert figures["core"]["spread"] == 1.5
    assert figures["core"]["ratio_to_limit"] == 0.5
    assert figures["core"]["cpu_s"] == cpu
    for lang in ("en", "zh-CN"):
        assert len(report.sentences(figures, words(lang))) == 3
        assert [one.row_count for one in report.tables(figures, words(lang))] == [2]


SPREAD = dict.fromkeys(("p50_ms", "p95_ms", "p99_ms", "p999_ms", "over_1s", "over_3s"), 1.0)
SPECIAL = {
    "crossing": {"transitions": 7},
    "rules": {
        "without": {"events_per_s": 120, "cpu_us_per_event": None},
        "share": 0.25,
        "cpu_share": None,
    },
    "alerts": {**SPREAD, "scans": SPREAD, "rate": 2000, "opened": 800},
    "storm": {"seconds": 5.0, "messages": 200, "messages_of_one": 0},
    "latency": {**SPREAD, "to_commit_start": SPREAD, "rate": 2000},
}


@pytest.mark.parametrize("name", SPECIAL)
def test_every_scenario_has_its_sentence(name):
    """Its own figures are in the document and in the sentence, in both languages."""
    cpu = {"flow": 1.0, "database": None, "broker": 0.5}
    figures = report.summary({name: [Run(100, 1.0, 2.0, cpu, 10.0, details=SPECIAL[name])]})
    assert SPECIAL[name].items() <= figures[name].items()
    for lang in ("en", "zh-CN"):
        [sentence] = report.sentences(figures, words(lang))
        assert sentence.startswith(f"{name}: ")
        assert "{" not in sentence


def test_without_a_stack_it_says_what_to_do(tmp_path):
    """No server: one sentence, nothing started."""
    nowhere = Settings(None, None, "", "en", "UTC", tmp_path)
    with pytest.raises(Trouble, match="waterline up"):
        bench(nowhere)


@pytest.mark.parametrize("options", [("--events", "0"), ("--only", "speed"), ("--rate", "x")])
def test_a_wrong_option_is_a_sentence(tmp_path, capsys, options):
    """Exit code 2 and one line that names the option."""
    with pytest.raises(SystemExit) as left:
        bench(Settings(None, None, "", "en", "UTC", tmp_path), *options)
    assert left.value.code == 2
    assert options[0] in capsys.readouterr().err


@pytest.mark.stack
def test_scenarios_give_their_figures_and_leave_nothing(settings, capsys, monkeypatch):
    """Tiny runs: the contract's names are there, counts add up, all is cleaned up.

    `core` is half of `rules` and `memory` is `core` with other events: both are left out for their
    seconds.
    """
    monkeypatch.setattr(latency, "WARM", 1)
    some = ("--only", "storm", "limit", "alerts", "intake", "crossing", "rules", "--events", "400")
    assert bench(settings, *some, "--rate", "200", "--seconds", "1", "--json") == 0
    figures = json.loads(capsys.readouterr().out)
    assert list(figures) == ["rules", "crossing", "intake", "alerts", "storm", "limit"]
    for one in figures.values():
        assert one["events_per_s"] > 0
        assert one["rss_mib"] > 0
        assert tuple(one["cpu_s"]) == SERVERS
        assert {"p50_ms", "p99_ms"} <= set(one)
    assert [one["events"] for one in figures.values()] == [400, 400, 800, 200, 400, 400]
    late = figures["alerts"]
    assert 0 < late["p50_ms"] <= late["p95_ms"] <= late["p99_ms"] <= late["p999_ms"]
    assert late["opened"] == 4
    assert figures["rules"]["transitions"] == 0 < figures["crossing"]["transitions"]
    assert figures["rules"]["without"]["events_per_s"] > 0
    assert (figures["storm"]["messages"], figures["storm"]["messages_of_one"]) == (2, 0)
    assert remains(settings) == ([], [])


@pytest.mark.stack
def test_latency_gives_its_figures(settings, capsys, monkeypatch):
    """Every scan is seen as it is committed."""
    monkeypatch.setattr(latency, "WARM", 1)
    assert bench(settings, "--only", "latency", "--rate", "200", "--seconds", "1", "--json") == 0
    late = json.loads(capsys.readouterr().out)["latency"]
    assert late["events"] == 200
    assert 0 < late["p50_ms"] <= late["p95_ms"] <= late["p99_ms"] <= late["p999_ms"]
    assert {"to_commit_start", "lag_table"} <= late.keys()
    assert remains(settings) == ([], [])


@pytest.mark.stack
def test_the_named_queries_are_asked_of_a_year_that_adds_up(settings, capsys):
    """A small year: every query has its time, and the database is gone afterwards."""
    assert bench(settings, "--only", "queries", "--events", "3000", "--json") == 0
    figures = json.loads(capsys.readouterr().out)["queries"]
    assert figures["events"] == 3000
    assert len(figures["ms"]) == 25
    assert all(ms > 0 for ms in figures["ms"].values())
    assert bench(settings, "--only", "queries", "--events", "1000") == 0
    assert "25 named queries" in capsys.readouterr().out
    assert remains(settings) == ([], [])


@pytest.mark.stack
def test_every_board_is_opened_on_a_year(settings, capsys):
    """A small year: each board has the time of its slowest query."""
    assert bench(settings, "--only", "boards", "--events", "3000", "--json") == 0
    figures = json.loads(capsys.readouterr().out)["boards"]
    assert figures["events"] == 3000
    assert figures["ms"].keys() == {file.stem for file in (BOARDS / "zh-CN").glob("*.json")}
    assert all(ms > 0 for ms in figures["ms"].values())
    assert remains(settings) == ([], [])


@pytest.mark.stack
def test_the_year_of_the_queries_is_consistent(database):
    """Bins, ledger, days, figures and turnover of the made-up year tell the same story."""
    with psycopg.connect(database, autocommit=True) as conn:
        fill(conn, 4000, lambda *_: None)
    with Queries(QUERIES, database) as asked:
        for name in ("check_on_hand_bins", "check_on_hand_movements", "check_reserved"):
            rows = asked.rows(name, only=None) if "on_hand" in name else asked.rows(name)
            assert rows
            assert [row for row in rows if row["expected"] != row["found"]] == [], name
        days = "select warehouse, sku, last(closing, day) as closing, count(*) filter (where"
        days += " not (opening between min and max and closing between min and max)) as outside"
        rows = asked.connection.execute(
            f"select * from ({days} from stock_daily group by 1, 2) as d"
            " full join stock_figures as f using (warehouse, sku)".encode()
        ).fetchall()
        assert [row for row in rows if row["closing"] != row["on_hand"] or row["outside"]] == []
        [whole] = asked.connection.execute(
            "select t.closing_value, t.issues, (select sum(value) from stock_figures) as value,"
            " (select sum(window_issues[2] + day_issues) from stock_figures) as sold"
            " from turnover as t where t.scope = 'all' and t.days = 30"
        ).fetchall()
        assert (whole["closing_value"], whole["issues"]) == (whole["value"], whole["sold"])
