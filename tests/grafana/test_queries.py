"""Every query of every board on the real database, as the boards' role, as Grafana sends it.

In a database that has something for every panel, and in one that is empty. How long each took is
left in build/board_queries.json, and printed with -s; only the role's 2 s are a limit here.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grafana.build import HERE
from tests.grafana import asking, filled, frames, provisioning_rules

pytestmark = pytest.mark.stack
REPORT = Path(__file__).resolve().parents[2] / "build" / "board_queries.json"
FILES = sorted((HERE / "dashboards").glob("*/*.json"))
NAMES = [f"{file.parent.name}/{file.stem}" for file in FILES]
TYPED = {"sku": "S1", "lot": "L1-1", "document": "T-1", "order": "O-1", "bin": "B0"}
"""What a person types into the boxes of boards of details."""
RULES = {
    rule["uid"]: query["model"]["rawSql"]
    for _, rule in provisioning_rules.rules(
        provisioning_rules.read(HERE / "provisioning")["alerting"]
    )
    for query in rule["data"]
    if "rawSql" in query["model"]
}
SPANS = {"opened": None, "one": timedelta(days=1), "several": timedelta(days=30)}


@pytest.fixture(scope="module")
def full(new_database):
    """Give the DSN of a database with something for every panel."""
    with new_database() as dsn:
        filled.make(dsn)
        yield dsn


@pytest.fixture(scope="module")
def took():
    """Give the book of slowest queries, uid → milliseconds and panel; it is kept in a file."""
    book: dict[str, tuple[float, str]] = {}
    yield book
    slowest = dict(sorted(book.items(), key=lambda one: -one[1][0]))
    REPORT.parent.mkdir(exist_ok=True)
    told = {uid: {"ms": round(ms, 1), "query": query} for uid, (ms, query) in slowest.items()}
    REPORT.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    print(*(f"{ms:8.1f} ms  {uid}  {query}" for uid, (ms, query) in slowest.items()), sep="\n")  # noqa: T201


def answers(board, connection, chosen, span=None):
    """Yield (panel, frame, milliseconds) of every query of a board."""
    now = datetime.now(UTC)
    for panel, target in asking.queries(board):
        since = asking.span(board, panel, now)
        if span is not None and "timeFrom" not in panel:
            since = now - span
        sql = asking.expanded(target["rawSql"], chosen, since, now, panel.get("interval", "1m"))
        began = time.perf_counter()
        cursor = connection.execute(sql.encode())
        rows = cursor.fetchall()
        columns = cursor.description or []
        form = target["format"]
        names, types = [one.name for one in columns], [one.type_code for one in columns]
        frame = frames.Frame(target["refId"], form, names, types, rows)
        yield panel, frame, (time.perf_counter() - began) * 1000


def shown(board, given):
    """Yield (panel, its frames), also of panels that show what another has asked."""
    for panel in asking.panels(board):
        sources = {target.get("panelId", panel["id"]) for target in panel.get("targets", [])}
        used_elsewhere = any(
            target.get("panelId") == panel["id"]
            for other in asking.panels(board)
            for target in other.get("targets", [])
        )
        in_closed_row = panel["id"] >= 100
        if not (used_elsewhere and in_closed_row):
            yield panel, [frame for source in sources for frame in given.get(source, [])]


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_what_panels_are_given_can_be_shown(file, full, took):
    """Time first and sorted, numbers where numbers are drawn, no heading without a column."""
    board = json.loads(file.read_text())
    with asking.connect(full) as connection:
        given: dict[int, list[frames.Frame]] = {}
        for panel, frame, ms in answers(board, connection, asking.defaults(board, connection)):
            given.setdefault(panel["id"], []).append(frame)
            named = f"{panel['title']} [{frame.ref}]"
            took[board["uid"]] = max(took.get(board["uid"], (0, "")), (ms, named))
    wrong = [one for panel, its in shown(board, given) for one in frames.problems(panel, its)]
    assert wrong == []


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_whatever_is_chosen_is_answered(file, full):
    """All, one, several, and values that must be quoted; a day and thirty days of time."""
    board = json.loads(file.read_text())
    with asking.connect(full) as connection:
        before = connection.execute("SELECT count(*) FROM screen.water").fetchone()
        for way, chosen in asking.choices(board, connection).items():
            for panel, frame, _ in answers(board, connection, chosen, SPANS.get(way)):
                wrong = list(frames._of_rows(frame))
                assert wrong == [], f"{panel['title']}, {way}"
        assert connection.execute("SELECT count(*) FROM screen.water").fetchone() == before


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_an_empty_database_is_no_error(file, migrated_once):
    """A board opens before the first event has come."""
    board = json.loads(file.read_text())
    with asking.connect(migrated_once) as connection:
        chosen = asking.defaults(board, connection)
        for panel, frame, _ in answers(board, connection, chosen):
            assert list(frames._of_rows(frame)) == [], panel["title"]


@pytest.fixture(scope="module")
def migrated_once(new_database):
    """Give the DSN of a migrated database that is empty."""
    with new_database() as dsn:
        yield dsn


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_every_panel_of_a_full_database_shows_something(file, full):
    """A panel that is empty where there is everything asks for something that never is."""
    board = json.loads(file.read_text())
    empty = {}
    with asking.connect(full) as connection:
        for chosen in chosen_in_turn(board, connection):
            for panel, frame, _ in answers(board, connection, chosen):
                named = f"{panel['title']} [{frame.ref}]"
                empty[named] = empty.get(named, True) and not frame.rows
            if not any(empty.values()):
                break
    assert [named for named, nothing in empty.items() if nothing] == []


def chosen_in_turn(board, connection):
    """Yield what a person may choose: nothing, what is typed, the first dozen of each list."""
    now = datetime.now(UTC)
    opened = asking.defaults(board, connection)
    typed = {name: [value] for name, value in TYPED.items() if name in opened}
    yield from (opened, opened | typed, opened | dict(list(typed.items())[:1]))
    for one in board["templating"]["list"]:
        if one["type"] == "query" and not one.get("multi"):
            rows = connection.execute(asking.expanded(one["query"], opened, now, now).encode())
            yield from (opened | {one["name"]: [str(row[-1])]} for row in rows.fetchall()[:12])


@pytest.mark.parametrize("uid", RULES)
def test_a_rule_gets_a_number_and_labels(uid, full, migrated_once, took):
    """One number, the rest texts, none missing, and no two rows of the same labels."""
    now = datetime.now(UTC)
    sql = asking.expanded(RULES[uid], {}, now - timedelta(minutes=1), now)
    for dsn in (full, migrated_once):
        with asking.connect(dsn) as connection:
            began = time.perf_counter()
            cursor = connection.execute(sql.encode())
            rows, columns = cursor.fetchall(), cursor.description or []
            ms = (time.perf_counter() - began) * 1000
        took[uid] = max(took.get(uid, (0, "")), (ms, "rule"))
        numbers = [n for n, one in enumerate(columns) if one.type_code in frames.NUMBERS]
        texts = [n for n, one in enumerate(columns) if one.type_code in frames.TEXTS]
        assert (len(numbers), len(texts)) == (1, len(columns) - 1)
        assert not any(None in row for row in rows)
        labels = [tuple(row[n] for n in texts) for row in rows]
        assert len(labels) == len(set(labels))
