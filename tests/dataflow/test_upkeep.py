"""Upkeep beside the clock: done at the start, not twice within the hour, again after trouble."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from flows.upkeep import Upkeep
from tests.dataflow.running import rows, wait_for
from tests.sql.shelves import CLOCK, TODAY, cell, figures, insert, item, place, warehouse

pytestmark = pytest.mark.stack


@pytest.fixture
def crowded(settings):
    """Give settings whose database holds a crowded zone, one with room, and an old reject."""
    with psycopg.connect(settings.dsn) as conn:
        warehouse(conn)
        for name, zone, quantity in (("A1", "A", 95), ("B1", "B", 1)):
            place(conn, name, zone, max_quantity=100)
            item(conn, name)
            cell(conn, name, name, quantity - 20)
            cell(conn, name, f"{name} slow", 20 if zone == "A" else 1)
        insert(
            conn, "rejects", at="2020-01-01Z", topic="t", partition=0, offset=1, n=0,
            code="bad_value", message="m",
        )  # fmt: skip
    return settings


def test_first_round_does_both_and_the_next_nothing(crowded):
    """Space is looked at and old rows go; a minute later neither is due."""
    upkeep = Upkeep(crowded, lambda: False)
    try:
        upkeep.wake()
        wait_for(lambda: rows(crowded, "SELECT count(*) FROM rejects") == [(0,)])
        made = rows(crowded, "SELECT made_at FROM rebalancing")
        assert made
        wait_for(lambda: upkeep._retained is not None)
        upkeep.round()
        assert rows(crowded, "SELECT made_at FROM rebalancing") == made
        upkeep._looked -= 3600
        upkeep.round()
        assert rows(crowded, "SELECT made_at FROM rebalancing") != made
    finally:
        upkeep.close()


def test_closed_hours_are_added_to_the_series(crowded):
    """The first round makes those of the warehouse's days, a later one the hour that has closed."""
    with psycopg.connect(crowded.dsn) as conn:
        figures(conn, "A1", 75, first_on=TODAY)
    hours = "SELECT max(hour), count(*) FROM occupancy_hourly WHERE zone = 'A'"
    upkeep = Upkeep(crowded, lambda: False)
    try:
        upkeep.wake()
        wait_for(lambda: upkeep._retained is not None)
        assert rows(crowded, hours) == [(CLOCK - timedelta(hours=1), 12)]
        with psycopg.connect(crowded.dsn) as conn:
            conn.execute("UPDATE inventory.offsets SET clock_at = clock_at + interval '61 minutes'")
        upkeep.round()
        assert rows(crowded, hours) == [(CLOCK - timedelta(hours=1), 12)]
        upkeep._kept -= 600
        upkeep.round()
        assert rows(crowded, hours) == [(CLOCK, 13)]
    finally:
        upkeep.close()


def test_trouble_is_a_line_in_the_log_and_tried_again(crowded, caplog):
    """A database that is away ends nothing: the next round does what is still due."""
    upkeep = Upkeep(replace(crowded, dsn="postgresql://nobody@127.0.0.1:1/none"), lambda: False)
    try:
        with caplog.at_level(logging.WARNING, "waterline.upkeep"):
            upkeep.wake()
            wait_for(lambda: "upkeep not done" in caplog.text)
        upkeep._settings = crowded
        upkeep.wake()
        wait_for(lambda: rows(crowded, "SELECT count(*) FROM rebalancing") != [(0,)])
    finally:
        upkeep.close()
