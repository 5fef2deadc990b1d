"""What the checks of a panel's rows catch: each by something that Grafana would draw wrongly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.grafana.frames import Frame, problems

NOW = datetime.now(UTC)
EARLIER = NOW - timedelta(hours=1)
TIME, TEXT, NUMBER, FLOAT, DATE = 1184, 25, 1700, 701, 1082
REDUCE = {"reduceOptions": {"fields": "", "values": False}, "textMode": "value_and_name"}


def panel(kind, names=(), options=None, steps=(), **more):
    """Return a panel whose overrides give names to columns."""
    overrides = [
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [
                {"id": "displayName", "value": name.title()},
                {"id": "unit", "value": "locale"},
                *more.get("properties", []),
            ],
        }
        for name in names
    ]
    config = {"defaults": {}, "overrides": overrides}
    return {"type": kind, "title": "P", "options": options or {}, "fieldConfig": config,
            "transformations": list(steps)}  # fmt: skip


def frame(*columns, rows=(), form="table", ref="A"):
    """Return a frame; a column is (name, type)."""
    return Frame(
        ref, form, [name for name, _ in columns], [kind for _, kind in columns], list(rows)
    )


SKU, COUNT, AT = ("sku", TEXT), ("n", NUMBER), ("time", TIME)
NODES = frame(("id", TEXT), ("title", TEXT), rows=[("a", "A")])
LINK = {"id": "links", "value": [{"title": "x", "url": "/d/x?var-a=${__data.fields.bin}"}]}
MATRIX = {"id": "groupingToMatrix",
          "options": {"rowField": "row", "columnField": "n", "valueField": "n"}}  # fmt: skip
WRONG = [
    ("table", panel("table", ["sku"]), [frame(SKU, COUNT)], "column 'n' has no heading"),
    ("name", panel("table", ["sku", "gone"]), [frame(SKU)], "looks for 'gone'"),
    ("link", panel("table", ["sku"], properties=[LINK]), [frame(SKU)], "asks for 'bin'"),
    ("rows", panel("table", ["sku"]), [frame(SKU, rows=[("x",)] * 51)], "51 rows"),
    ("twice", panel("table", ["sku"]), [frame(SKU, SKU)], "two columns of one name"),
    ("two", panel("table", ["sku"]), [frame(SKU), frame(SKU, ref="B")], "one query only"),
    ("date", panel("table", ["on"]), [frame(("on", DATE))], "neither number, text"),
    ("nan", panel("table", ["n"]), [frame(("n", FLOAT), rows=[(float("nan"),)])], "NaN"),
    ("matrix", panel("heatmap", [], steps=[MATRIX]), [frame(COUNT)], "the grid's columns {'row'}"),
    ("figure", panel("stat", [], REDUCE), [frame(SKU)], "there is no number"),
    ("unnamed", panel("stat", [], REDUCE), [frame(COUNT)], "figure 'n' has no name"),
    ("last", panel("stat", ["n"], REDUCE), [frame(COUNT, rows=[(1,), (2,)])], "several rows"),
    ("field", panel("stat", [], {"reduceOptions": {"fields": "/^m$/"}}), [frame(COUNT)], "/^m$/"),
    ("x", panel("barchart", ["n"], {"xField": "name"}), [frame(SKU, COUNT)], "xField 'name'"),
    ("bars", panel("barchart", [], {"xField": "sku"}), [frame(SKU, COUNT)], "bars 'n' have no"),
    ("series", panel("timeseries", ["n"]), [frame(SKU, COUNT, form="time_series")], "begins with"),
    ("order", panel("timeseries", ["n"]),
     [frame(AT, COUNT, rows=[(NOW, 1), (EARLIER, 2)], form="time_series")], "not sorted"),
    ("labels", panel("timeseries", ["n"]),
     [frame(AT, SKU, ("lot", TEXT), COUNT, form="time_series")], "at most one text"),
    ("ends", panel("nodeGraph"),
     [NODES, frame(("id", TEXT), ("source", TEXT), ("target", TEXT), rows=[("1", "a", "b")])],
     "edges end at ['b']"),
    ("stats", panel("nodeGraph"),
     [frame(("id", TEXT), ("title", TEXT), ("mainstat", NUMBER)), NODES], "two decimals"),
    ("closing", panel("state-timeline"),
     [frame(AT, SKU, rows=[(EARLIER, "x")], form="time_series")], "not now"),
    ("plan", panel("canvas", options={"root": {"elements": [
        {"config": {"text": {"field": "zone_9"}}}]}}), [frame(COUNT)], "'zone_9' is none of"),
]  # fmt: skip


@pytest.mark.parametrize(("made", "frames", "said"), [one[1:] for one in WRONG],
                         ids=[one[0] for one in WRONG])  # fmt: skip
def test_what_would_be_drawn_wrongly_is_found(made, frames, said):
    """Each check says what is wrong with the panel."""
    wrong = problems(made, frames)
    assert any(said in sentence for sentence in wrong), wrong


def test_a_sound_panel_is_sound():
    """A table whose columns have headings and units, a series in order: nothing to say."""
    assert problems(panel("table", ["sku", "n"]), [frame(SKU, COUNT, rows=[("x", 1)])]) == []
    series = frame(AT, COUNT, rows=[(EARLIER, 1), (NOW, 2)], form="time_series")
    assert problems(panel("timeseries", ["n"]), [series]) == []
