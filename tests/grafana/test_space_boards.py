"""Heat map, bin and e-board as Grafana asks for them, against a few bins made by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.grafana import asking
from tests.sql.shelves import CLOCK, cell, insert, item, place, warehouse

pytestmark = pytest.mark.stack
NOW = datetime(2026, 3, 10, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def dsn(new_database):
    """Give a database with two zones of W, and a bin of V that no board of W may show."""
    with new_database() as made:
        with psycopg.connect(made, autocommit=True) as conn:
            warehouse(conn)
            warehouse(conn, "V", partition=1)
            item(conn, "box", name="Box", unit_volume="0.01", unit_weight=2, category="c")
            item(conn, "vase", name="Vase", unit_weight=1, fragile=True, protection="upright")
            _bins(conn)
            _goods(conn)
        yield made


def _bins(conn):
    full = {"max_quantity": 100, "max_weight": 100}
    place(conn, "A01-01", aisle="A01", position=1, x=0, y=0, **full)
    place(conn, "A01-03", aisle="A01", position=3, x=0, y=3, **full)
    place(conn, "A02-02", aisle="A02", position=2, x=3, y=1, **full)
    place(conn, "B1", zone="B", aisle="1", position=1, **full)
    place(conn, "C1", zone="C", aisle="1", position=1, **full)
    place(conn, "A-loose", **full)
    place(conn, "A-boundless", aisle="A09", position=9)
    place(conn, "A-closed", aisle="A09", position=8, active=False, **full)
    place(conn, "X1", warehouse="V", aisle="A01", position=1, **full)


def _goods(conn):
    cell(conn, "A01-01", "box", 40)
    cell(conn, "A02-02", "box", 60)
    cell(conn, "A02-02", "vase", 5)
    cell(conn, "B1", "vase", 50)
    cell(conn, "nobody knows", "box", 7)
    cell(conn, "", "box", 8)
    cell(conn, "X1", "box", 100, warehouse="V")
    more = {"warehouse": "W", "order_id": "O", "state": "open", "due_at": CLOCK}
    insert(conn, "orders", line_id="1", sku="vase", ordered=9, shipped=1, **more)
    insert(conn, "orders", line_id="2", sku="box", ordered=3, **more)
    insert(conn, "orders", line_id="3", sku="gone", ordered=3, **more)


@pytest.fixture(scope="module")
def ask(dsn):
    """Give a function that runs a query of a board and returns its rows."""
    with asking.connect(dsn) as conn:

        def run(board, panel, ref="A", **chosen):
            made = json.loads((asking.BOARDS / "en" / f"{board}.json").read_text())
            values = {"warehouse": ["W"], "zone": [asking.ALL], **chosen}
            sql = next(
                target["rawSql"]
                for one, target in asking.queries(made)
                if one["title"].startswith(panel) and target["refId"] == ref
            )
            sent = asking.expanded(sql, values, NOW - timedelta(hours=6), NOW)
            return conn.execute(sent.encode()).fetchall()

        yield run


def test_grid_is_complete_with_holes_as_null(ask):
    """Every aisle × every position in order; a bin that does not exist is NULL, an empty one 0."""
    found = ask("heat-map", "Shared", "grid", zone=["A"])
    assert found == [
        ("A01", 1, 80), ("A01", 2, None), ("A01", 3, 0),
        ("A02", 1, None), ("A02", 2, 125), ("A02", 3, None),
    ]  # fmt: skip


def test_aisles_of_one_name_in_two_zones_are_two_rows(ask):
    """The zone stands before an aisle that does not say it; All shows every zone."""
    found = ask("heat-map", "Shared", "grid")
    assert list(dict.fromkeys(row[0] for row in found)) == ["A01", "A02", "B-1", "C-1"]
    assert len(found) == 4 * 3


def test_several_zones_can_be_chosen(ask):
    """Two zones of three, by the values that Grafana sends."""
    found = ask("heat-map", "Shared", "grid", zone=["B", "C"])
    assert found == [("B-1", 1, 50), ("C-1", 1, 0)]
    assert ask("heat-map", "Shared", "grid", zone=["O'Hare"]) == []


def test_bins_that_are_not_on_the_grid_are_listed_with_the_reason(ask):
    """Nothing vanishes: without place, without limits, closed, unknown, and stock without a bin."""
    found = [row[:2] for row in ask("heat-map", "Bins that are not on the grid")]
    assert found == [
        ("–", "no_bin"), ("nobody knows", "unknown"), ("A-closed", "closed"),
        ("A-loose", "no_place"), ("A-boundless", "no_limit"),
    ]  # fmt: skip


def test_free_bins_are_active_and_nearest_first(ask):
    """Distance is from the origin where no zone is called dispatch; without a place it is last."""
    found = ask("heat-map", "Free bins")
    assert [row[0] for row in found] == ["A01-03", "A-boundless", "A-loose", "C1"]
    assert found[0][-1] == pytest.approx(3)


def test_overweight_bins_say_by_how_much(ask):
    """60 boxes of 2 kg and 5 vases of 1 kg on 100 kg: 25 over."""
    assert ask("heat-map", "Overweight") == [("A02-02", "A", 25, 125, 100)]
    assert ask("heat-map", "Overweight", zone=["B"]) == []


def test_totals_count_active_bins_of_the_chosen_zones(ask):
    """Occupancy is the largest of the limits: weight, 80 + 0 + 125 + 0 of 400 kg."""
    assert ask("heat-map", "Space of the chosen zones", zone=["A"]) == [(51, 5, 3, 1, 1)]


def test_floor_has_bins_with_coordinates_only(ask):
    """x, y and occupancy as numbers, the code for the link."""
    found = ask("heat-map", "Floor plan", zone=["A"])
    assert [row[:4] for row in found] == [
        (0.0, 0.0, 80.0, "A01-01"), (0.0, 3.0, 0.0, "A01-03"), (3.0, 1.0, 125.0, "A02-02"),
    ]  # fmt: skip


def test_bin_is_found_by_aisle_and_position(dsn):
    """A cell of the matrix knows no code; what it knows leaves one bin in the list."""
    board = json.loads((asking.BOARDS / "en" / "bin.json").read_text())
    bins = next(one for one in board["templating"]["list"] if one["name"] == "bin")["query"]
    with asking.connect(dsn) as conn:

        def listed(aisle, position):
            values = {"warehouse": ["W"], "aisle": [aisle], "position": [position]}
            sent = asking.expanded(bins, values, NOW, NOW)
            return [row[1] for row in conn.execute(sent.encode())]

        assert listed("A02", "2") == ["A02-02"]
        assert listed("B-1", "1") == ["B1"]
        assert len(listed("", "")) == 9


def test_bin_shows_what_lies_there_and_its_neighbours(ask):
    """Contents by expiry, then SKU; neighbours of the same aisle."""
    goods = ask("bin", "What lies here", bin=["A02-02"])
    assert [(row[0], row[4]) for row in goods] == [("box", 60), ("vase", 5)]
    use = ask("bin", "Limits and use", bin=["A02-02"])
    assert use[0][:3] == (125, 65, 100)
    near = ask("bin", "Neighbours", bin=["A01-01"])
    assert [row[0] for row in near] == ["A01-01", "A01-03"]


def test_board_of_a_zone_says_what_to_pick_and_what_to_bring(ask):
    """Where less lies here than orders want and more elsewhere, it is to be brought first."""
    found = ask("e-board", "Shared", "picks", zone=["A"])
    assert [(row[0], row[2], row[3], row[4], row[5]) for row in found] == [
        (1, "Vase", 5, 8, 50), (4, "Box", 100, 3, 15),
    ]  # fmt: skip
    care = ask("e-board", "Shared", "care", zone=["A"])
    assert care == [("fragile", "A02-02", "Vase · upright")]


def test_board_of_a_zone_counts_the_open_work(ask):
    """Three lines are open; nothing was shipped today, so that nothing is done."""
    jobs = ask("e-board", "Shared", "jobs", zone=["A"])
    assert jobs[0][0] == 3
    assert jobs[0][3] == 0
