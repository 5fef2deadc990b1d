"""Package sizes, regions, levels, the calendar, and the command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from connectors.replay import Options, Shelved
from connectors.replay.catalogue import package
from connectors.replay.clock import DAY, HOUR, next_local
from connectors.replay.orders import cut, folder, store_sizes
from connectors.replay.places import SITES, assign, level
from connectors.trouble import Trouble
from flows.cli import main

from .conftest import UNTIL, small

COMMAND = ["replay", "complete-journey", "--days", "1", "--warehouses", "2", "--skus", "300"]


@pytest.mark.parametrize(
    ("text", "liquid", "kg"),
    [
        ("16 OZ", False, 0.4536),
        ("12 OZ", True, 0.3549),
        ("2 L", True, 2.0),
        ("GAL", True, 3.7854),
        ("12/12 OZ", True, 4.2586),
        ("6PK/16.9 OZ", True, 2.9988),
        ("4-6 OZ", True, 0.7098),
        ("5 LB BAG", False, 2.268),
        (".5 GA", True, 1.8927),
        ("L    9 OZ", False, 0.2551),
    ],
)
def test_package_sizes_are_read(text, liquid, kg):
    """American sizes become kilograms."""
    assert package(text, liquid=liquid, density=0.5).kg == pytest.approx(kg, abs=1e-3)


@pytest.mark.parametrize("text", [None, "", "24 CT", "CTN", "9 SQ FT", "L", "900000 OZ", "PK"])
def test_what_is_no_weight_stays_unknown(text):
    """A size that says no weight gives none."""
    assert package(text, liquid=False, density=0.5) is None


def test_every_store_has_a_warehouse_of_its_share():
    """Stores are shared out whole, and the warehouses come near their shares."""
    sizes = store_sizes(folder())
    houses = assign(sizes, 8)
    assert set(houses) == set(sizes)
    assert len(sizes) == 457
    for n, site in enumerate(SITES):
        part = sum(sizes[store] for store, house in houses.items() if house == n)
        assert part / sum(sizes.values()) == pytest.approx(site.share, abs=0.02)


def test_zones_are_crowded_to_different_degrees(told):
    """Fast movers' zone A is crowded, B has room, and no zone holds more than fits."""
    for house in told.replay.world.houses:
        fill = {}
        for zone in "ABCD":
            places = [place for place in house.plan.places if place.zone == zone]
            room = sum(place.quantity for place in places)
            fill[zone] = sum(place.used for place in places) / 1000 / room
        assert max(fill, key=fill.__getitem__) == "A"
        assert 0.3 < fill["B"] < fill["A"] - 0.1 < 0.95
        assert 0.2 < fill["D"] < fill["C"] < 0.95


def test_levels_grow_with_demand_and_shrink_with_shelf_life():
    """Both levels follow demand; what spoils is ordered for fewer days."""
    slow, fast, fresh = level(0.1, 7, 0), level(5, 7, 0), level(5, 7, 14)
    assert slow.safety < fast.safety
    assert slow.upto < fast.upto
    assert fresh.upto < fast.upto
    assert all(one.safety <= one.reorder < one.upto < one.most for one in (slow, fast, fresh))


def test_the_past_keeps_weekday_and_time_of_day():
    """The data's instant that stands for now is whole weeks away, in local time."""
    now = int(UNTIL.timestamp() * 1000)
    local = now + 8 * HOUR
    assert (local - cut(now)) % (7 * DAY) == 0
    assert datetime.fromtimestamp(cut(now) / 1000, UTC).year == 2017


def test_next_local_is_ahead():
    """The next six o'clock is at most a day away and at six."""
    now = int(UNTIL.timestamp() * 1000)
    assert next_local(now, 16) - now == HOUR
    assert next_local(now, 15) - now == DAY


def test_state_survives_in_files_and_says_when_it_is_broken(tmp_path, replay):
    """What is kept can be loaded; a damaged file is one sentence."""
    shelved = Shelved(tmp_path, "t.")
    assert shelved.read() is None
    shelved.keep(replay, "done", {"wms.scans": 1})
    assert shelved.read().same(replay.options)
    assert not shelved.read().same(small(seed=99))
    assert isinstance(shelved.load().options, Options)
    (tmp_path / "t.replay.state").write_bytes(b"not a pickle")
    with pytest.raises(Trouble, match="--anew"):
        shelved.load()


def test_the_command_writes_lines(tmp_path, monkeypatch, capsys):
    """--out writes one JSON document a line and --json sums them up."""
    monkeypatch.setenv("WATERLINE_HOME", str(tmp_path))
    file = tmp_path / "out.jsonl"
    assert main([*COMMAND, "--json", "--out", str(file)]) == 0
    summary = json.loads(capsys.readouterr().out)
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == summary["messages"]
    assert set(lines[-1]) == {"topic", "key", "headers", "value", "at"}


@pytest.mark.parametrize(
    "words",
    ["--days 0", "--until yesterday", "--until 2199-01-01T00:00+00:00", "--for 3", "--skus 1"],
)
def test_the_command_refuses_in_one_sentence(words, tmp_path, monkeypatch, capsys):
    """A wrong option ends with one line and no traceback."""
    monkeypatch.setenv("WATERLINE_HOME", str(tmp_path))
    out = str(tmp_path / "out")
    assert main(["replay", "complete-journey", "--out", out, *words.split()]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_live_ends_at_sigterm(tmp_path):
    """The live stream is ended by SIGTERM with exit code 0 and whole lines."""
    file = tmp_path / "live.jsonl"
    started = datetime.now(UTC)
    with subprocess.Popen(
        [sys.executable, "-m", "flows.cli", *COMMAND, "--live", "--out", str(file)],
        env={**os.environ, "WATERLINE_HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline and not _newest(file) > started:
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert started < _newest(file) < datetime.now(UTC) + timedelta(minutes=1)


def _newest(file):
    """Return the time of the last whole line."""
    lines = file.read_bytes().splitlines() if file.exists() else []
    if len(lines) < 2:
        return datetime.min.replace(tzinfo=UTC)
    return datetime.fromisoformat(json.loads(lines[-2])["at"])
