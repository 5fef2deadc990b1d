"""Every board is what Grafana and the house ask for; and the checks catch what they are for."""

from __future__ import annotations

import copy

import pytest

from grafana import columns as c
from grafana import house, panels
from grafana.board import Board, search, warehouses
from grafana.build import HERE, main
from grafana.language import languages
from tests.grafana import board_rules

FILES = sorted((HERE / "dashboards").glob("*/*.json"))
NAMES = [f"{file.parent.name}/{file.stem}" for file in FILES]
LIST = f"""
    SELECT sku, available FROM screen.water
    WHERE {house.chosen("warehouse")} AND sku = {house.typed("sku")} ORDER BY 1 LIMIT 50"""


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_a_board_has_the_shape_and_keeps_the_rules(file):
    """No key that Grafana would ignore, no panel without words, nothing that covers another."""
    [board] = board_rules.read([file])
    assert board_rules.of_board(board) == []


def test_boards_are_told_apart_and_lead_to_each_other():
    """A uid of two boards, or a link to none, is seen only by a person who clicks."""
    assert board_rules.of_all(board_rules.read(FILES)) == []


def test_the_files_are_what_their_sources_make(capsys):
    """Who changes a board and forgets to build it hears it here."""
    assert main(["--check"]) == 0, capsys.readouterr().err


def sound():
    """Return a small board in which nothing is wrong."""
    say = next(languages())
    board = Board(say, "water", variables=[warehouses(say), search(say, "sku")])
    figures = {"red": house.by_thresholds([(None, house.IDLE), (1, house.RED)])}
    board.add("totals", (0, 0, 20, 5), panels.stats(say, panels.Shared("totals"), figures))
    board.add("age", (20, 0, 4, 5), panels.age(say))
    link = house.link(say("water.title"), f"/d/{say.uid('water')}?var-sku=${{__value.raw}}")
    shown = [c.text("sku", links=[link]), c.number("available")]
    listed = panels.table(say, LIST, shown, board="water", sort=("available", False))
    board.add("list", (0, 5, 24, 9), listed)
    board.add("warehouses", (0, 14, 24, 9), panels.stat(say, panels.Shared("skus"), "skus"))
    board.share({
        "totals": "SELECT sum(red) AS red FROM screen.totals",
        "skus": "SELECT sum(skus) AS skus FROM screen.totals",
    })  # fmt: skip
    return copy.deepcopy(board.json())


def changed(*path, to):
    """Return a change of a board: what stands at a path becomes `to`, None deletes it."""

    def change(board):
        place = board
        for key in path[:-1]:
            place = place[key]
        if to is None:
            del place[path[-1]]
        else:
            place[path[-1]] = to

    return change


STAT, TABLE = ("panels", 0), ("panels", 2)
QUERY = (*TABLE, "targets", 0)
DEFAULTS = (*STAT, "fieldConfig", "defaults")
RED_STEP = {"mode": "absolute", "steps": [{"color": house.RED, "value": None}]}
NO_SENTINEL = "SELECT sku, available FROM screen.water WHERE warehouse IN ($warehouse) LIMIT 5"
MY_RED = {"fixedColor": "#ff0000", "mode": "fixed"}
ENDLESS = "SELECT sku FROM screen.water"
RAW_BOX = "SELECT sku FROM screen.water WHERE sku = ${sku:sqlstring} LIMIT 5"
BROKEN = {
    "a misspelt key": (changed(*STAT, "options", "reduceOption", to={}), "'reduceOptions'"),
    "an unknown kind of panel": (changed(*STAT, "type", to="stats"), "'stats' is not one of"),
    "a value of no such key": (changed(*STAT, "options", "colorMode", to="bg"), "'bg' is not"),
    "a number as a text": (changed(*DEFAULTS, "decimals", to="0"), "not of type int"),
    "a unit that is none": (changed(*DEFAULTS, "unit", to="currencyCNY"), "currencyCNY"),
    "no description": (changed(*STAT, "description", to=" "), "description"),
    "no plugin version": (changed(*STAT, "pluginVersion", to=None), "pluginVersion"),
    "a uid that is too long": (changed("uid", to="x" * 41), "uid"),
    "a board that people may edit": (changed("editable", to=True), "editable"),
    "a misspelt option of a transformation": (
        changed(*STAT, "transformations", 0, "options", to={"includes": "/^totals$/"}), "includes"),
    "a property that its panel does not have": (
        changed(*TABLE, "fieldConfig", "overrides", 0, "properties", 0, "id", to="custom.widht"),
        "custom.widht"),
    "two panels of one id": (changed(*TABLE, "id", to=1), "id 1 is of 2 panels"),
    "a panel beyond the edge": (changed(*TABLE, "gridPos", "x", to=1), "outside the 24"),
    "a panel over another": (changed(*TABLE, "gridPos", "y", to=4), "cover each other"),
    "a colour of one's own": (changed(*DEFAULTS, "color", to=MY_RED),
                              "#ff0000"),
    "a tile always red": (changed(*DEFAULTS, "thresholds", to=RED_STEP), "red is the base"),
    "no unit": (changed(*DEFAULTS, "unit", to=None), "does not say its unit"),
    "no age of the data": (changed("panels", 1, "targets", 0, "rawSql", to="SELECT 1"), "no tile"),
    "a refresh that the server refuses": (changed("refresh", to="2s"), "refresh '2s'"),
    "a list without an end": (changed(*QUERY, "rawSql", to=ENDLESS), "LIMIT"),
    "a list that is too long": (
        changed(*QUERY, "rawSql", to="SELECT sku FROM screen.water LIMIT 500"), "above 50"),
    "a shared query that is not there": (
        changed(*STAT, "transformations", 0, "options", "include", to="/^x$/"), "no such query"),
    "a shared panel that is not there": (
        changed(*STAT, "targets", 0, "panelId", to=99), "shared panel is not there"),
    "all shared queries at once": (changed(*STAT, "transformations", to=[]), "does not pick"),
    "a data source that is not there": (
        changed(*QUERY, "datasource", "uid", to="waterlin"), "'waterlin' is not known"),
    "a variable that is not there": (
        changed(*QUERY, "rawSql", to="SELECT '$aisle' LIMIT 1"), "'aisle' is not"),
    "a variable that nobody uses": (
        changed(*QUERY, "rawSql", to="SELECT sku FROM screen.water LIMIT 1"), "used nowhere"),
    "a choice that is not quoted": (changed(*QUERY, "rawSql", to=NO_SENTINEL), "only :sqlstring"),
    "a text box as Grafana escapes it": (changed(*QUERY, "rawSql", to=RAW_BOX), "double quotes"),
    "All without its sentinel": (
        changed("templating", "list", 0, "allValue", to=".*"), "not the sentinel"),
    "a name in defaults": (changed(*DEFAULTS, "displayName", to="Red"), "displayName in defaults"),
    "a field that is looked for by its other name": (
        changed(*STAT, "options", "reduceOptions", "fields", to="/^red$/"), "display names"),
    "a sort by no column": (
        changed(*TABLE, "options", "sortBy", 0, "displayName", to="available"), "no column of it"),
}  # fmt: skip


def test_a_sound_board_is_sound():
    """What the broken boards are made from has nothing wrong with it."""
    assert board_rules.of_board(sound()) == []
    assert board_rules.of_all([sound()]) == []


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_found(case):
    """Each rule catches what it is for, and says which board and what."""
    change, said = BROKEN[case]
    board = sound()
    change(board)
    wrong = board_rules.of_board(board)
    assert any(said in sentence for sentence in wrong), wrong
    assert all(sentence.startswith(board["uid"]) for sentence in wrong)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed("title", to="Another"), "uid 'wl-water' is of 2 boards"),
        (changed("uid", to="wl-other"), "title 'Water level' is of 2 boards"),
        (changed("links", to=[]), "no menu"),
    ],
)
def test_what_is_wrong_between_boards_is_found(change, said):
    """Two boards of one uid replace each other at each start."""
    other = sound()
    change(other)
    wrong = board_rules.of_all([sound(), other])
    assert any(said in sentence for sentence in wrong), wrong


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/d/wl-gone?var-sku=1", "leads to no board"),
        ("/d/wl-water-zh?var-sku=1", "another language"),
        ("/d/wl-water?var-sku=1&var-lott=2", "no variable 'lott'"),
        ("/d/wl-water?${lott:queryparam}", "no variable 'lott'"),
    ],
)
def test_a_link_to_nowhere_is_found(url, said):
    """A link must lead to a board of the same language that knows what it is told."""
    board, other = sound(), sound()
    other |= {"uid": "wl-water-zh", "title": "水位", "tags": ["waterline-zh"], "links": []}
    link = board["panels"][2]["fieldConfig"]["overrides"][0]["properties"][1]["value"][0]
    link["url"] = url
    wrong = board_rules.of_all([board, other])
    assert any(said in sentence for sentence in wrong), wrong
