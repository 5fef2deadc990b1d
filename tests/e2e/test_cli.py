from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from rich.cells import cell_len

from flows import cli
from flows.commands.look import queries
from flows.commands.sentences import sentence_of
from flows.settings import load
from flows.words import entries

if TYPE_CHECKING:
    from flows.commands.parser import Parser

SEED = Path(__file__).with_name("seed.sql")
COMMANDS = (
    *("demo", "up", "down", "status", "migrate", "run", "send", "replay", "tick"),
    *("stock", "trace", "rejects", "query", "schema", "summary", "audit", "check"),
)


@pytest.fixture
def waterline(monkeypatch, tmp_path, capsys):
    """Give a function that runs a command line in this process: (exit code, stdout, stderr)."""
    for name in [name for name in os.environ if name.startswith("WATERLINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WATERLINE_HOME", str(tmp_path / "home"))

    def call(line: str, **environ: str) -> tuple[int, str, str]:
        for name, value in environ.items():
            monkeypatch.setenv(f"WATERLINE_{name}", value)
        try:
            code = cli.main(line.split())
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture(scope="module")
def seeded(new_database):
    """Give the DSN of a database with a small business in it."""
    with new_database() as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute(SEED.read_text())
        yield dsn


# ---- the command line itself


def test_help_shows_the_commands_in_groups_with_examples(waterline):
    """One page tells what there is."""
    code, out, _ = waterline("--help")
    assert code == 0
    assert out.index("Begin") < out.index("Let it flow") < out.index("Look")
    assert "waterline stock --warehouse SHA --level red" in out
    assert waterline("")[1] == out


def test_help_is_chinese_when_asked(waterline):
    """The same page in Chinese; what one types stays as it is."""
    _, out, _ = waterline("--help", LANG="zh-CN")
    assert "查看" in out
    assert "waterline summary" not in out or "一页看懂" in out


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_every_command_has_help_with_an_example(waterline, command, lang):
    """Each option says what it does, and a line can be copied."""
    code, out, _ = waterline(f"{command} --help", LANG=lang)
    assert code == 0
    assert re.search(rf"examples?:\s+waterline {command}", out)
    assert entries()[f"command.{command}"][lang][:20] in re.sub(r"\s+", " ", out)


def test_every_option_has_a_help_text_of_the_catalogue(tmp_path):
    """Nobody reads half a help page in the other language."""
    parser = cli.build(load({"WATERLINE_HOME": str(tmp_path)}))
    shown = {
        f"option.{name}.{action.dest}"
        for name, sub in _choices(parser)
        for action in sub._actions
        if action.help != argparse.SUPPRESS and action.dest != "help"
    }
    assert shown - set(entries()) == set()


def test_every_option_of_the_catalogue_belongs_to_a_command(tmp_path):
    """A help text whose option is gone is deleted."""
    parser = cli.build(load({"WATERLINE_HOME": str(tmp_path)}))
    known = set()
    for name, sub in _choices(parser):
        known |= {f"option.{name}.{action.dest}" for action in sub._actions}
    assert {name for name in entries() if name.startswith("option.")} <= known


def _choices(parser: Parser, path: str = ""):
    for action in parser._actions:
        for name, sub in (action.choices or {}).items() if action.nargs == "A..." else ():
            yield f"{path}{name}", sub
            yield from _choices(sub, f"{path}{name}-")


def test_version_is_shown(waterline):
    """`--version` is one line."""
    assert re.fullmatch(r"waterline \d+\.\d+\.\d+.*\n", waterline("--version")[1])


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("stok", "there is no command 'stok' (did you mean `stock`?)"),
        ("xyzzy", "there is no command 'xyzzy'"),
        ("stock --foo", "this is not understood: --foo; see `waterline stock --help`"),
        ("stock --ware EAST", "this is not understood: --ware EAST"),
        ("stock --limit 0", "'0' is not a whole number above 0"),
        ("stock --level blue", "invalid choice: 'blue'"),
        ("stock --at soon", "--at: 'soon' is not a time"),
        ("stock --known-at 2025-09-01", "--known-at says"),
        ("stock --at 2025-09-01 --level red", "--level is a figure of the present"),
        ("trace", "say what to trace"),
        ("run kitchen", "there is no flow 'kitchen'; the flows are intake, stock, clock"),
        ("run --drain --background", "choose one"),
        ("edge --listen 8787", "'8787' is not host:port such as"),
        ("demo --days none", "'none' is not a whole number above 0"),
    ],
)
def test_a_wrong_command_line_is_one_sentence_and_exit_code_2(waterline, line, sentence):
    """What was wrong is named; no usage page, no traceback."""
    code, out, err = waterline(line)
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.startswith("waterline: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("line", ["stock", "trace --sku A", "summary", "rejects", "run"])
def test_without_a_database_a_command_says_how_to_get_one(waterline, line):
    """One sentence, exit code 1."""
    code, _, err = waterline(line)
    assert code == 1
    assert err == "waterline: no database: run `waterline up` or set WATERLINE_DSN\n"


def test_status_without_anything_is_an_answer(waterline):
    """Nothing runs: the services are stopped, no progress is known, and what to run is said."""
    code, out, _ = waterline("status --json")
    assert code == 0
    found = json.loads(out)
    assert [row["state"] for row in found.pop("services")] == ["down", "down"]
    assert len(found.pop("problems")) == 2
    assert set(found) == {"supervisors", "processes", "log", "intake", "lag", "invariants"}
    assert not any(found.values())
    assert "no database: run `waterline up`" in waterline("status")[1]


def test_a_wrong_variable_is_one_sentence(waterline):
    """The environment is checked before anything is done."""
    assert waterline("stock", TZ="Mars")[0] == 1
    assert "WATERLINE_TZ: 'Mars'" in waterline("stock", TZ="Mars")[2]


def test_a_database_that_does_not_answer_is_one_sentence(waterline):
    """Driver messages of many lines become one."""
    code, _, err = waterline("stock", DSN="postgresql://127.0.0.1:1/x")
    assert code == 1
    assert err.startswith("waterline: the database does not answer: ")
    assert err.count("\n") == 1


def test_debug_shows_the_traceback(waterline):
    """For those who want to know where."""
    assert "Traceback" in waterline("stock --debug", DSN="postgresql://127.0.0.1:1/x")[2]


def test_an_error_nobody_foresaw_is_still_a_sentence():
    """It names its class and the way to learn more."""
    sentence, code = sentence_of(KeyError("x"))
    assert code == 1
    assert sentence == "unexpected KeyError: 'x' (--debug shows where)"


def test_a_closed_pipe_is_quiet():
    """`waterline --help | head -0` complains about nothing."""
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"},
        cwd=Path(__file__).resolve().parents[2],
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


# ---- look-ups


def test_stock_is_a_table_of_at_most_100_columns(waterline, seeded):
    """Numbers keep their decimals; the level is in words."""
    code, out, _ = waterline("stock", DSN=seeded)
    assert code == 0
    assert all(cell_len(line) <= 100 for line in out.splitlines())
    assert re.search(r"EAST\s+MILK-1\s.*red\s+88\.9927\s+2\s+30\s+56\.9927", out)
    assert "1,234,567" in out


def test_stock_is_chinese_when_asked(waterline, seeded):
    """Headings, levels and names; columns still fit though characters are wide."""
    _, out, _ = waterline("stock", DSN=seeded, LANG="zh-CN")
    assert "仓库" in out
    assert "奶粉" in out
    assert all(cell_len(line) <= 100 for line in out.splitlines())


def test_stock_as_json_keeps_decimals_exact(waterline, seeded):
    """Quantities are strings, times are UTC."""
    rows = json.loads(waterline("stock --sku MILK-1 --level red --json", DSN=seeded)[1])
    assert [(row["warehouse"], row["on_hand"]) for row in rows] == [("EAST", "88.9927")]
    assert rows[0]["updated_at"].endswith("Z")
    assert rows[0]["max_stock"] is None


def test_stock_per_bin_shows_lots_and_days(waterline, seeded):
    """The finest grain, with its expiry date."""
    rows = json.loads(waterline("stock --bins --warehouse EAST --json", DSN=seeded)[1])
    assert [(row["bin"], row["status"], row["quantity"]) for row in rows] == [
        ("A1-02", "sellable", "86.9927"),
        ("R-01", "returned", "2"),
    ]
    assert rows[0]["days_to_expiry"] in {11, 12, 13}


@pytest.mark.parametrize(
    ("at", "known_at", "expected"),
    [
        ("2025-09-02T12:00", None, "639"),
        ("2025-09-02T12:00", "2025-09-03", "640"),
        ("2025-09-02T02:59:59Z", None, "640"),
        ("2025-08-31", None, None),
    ],
)
def test_stock_as_of_a_time_as_known_at_a_time(waterline, seeded, at, known_at, expected):
    """A late scrap of the 2nd is not yet known on the 3rd; a local day is its midnight."""
    line = f"stock --sku MILK-1 --warehouse EAST --at {at} --json"
    rows = json.loads(
        waterline(line + (f" --known-at {known_at}" if known_at else ""), DSN=seeded)[1]
    )
    assert [row["on_hand"] for row in rows] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("stock --warehouse MOON", "no stock for warehouse MOON; known warehouses: EAST, WEST\n"),
        ("stock --sku milk", "no stock for SKU milk; SKUs like it: MILK-1\n"),
        ("stock --sku TEA-9 --level red", "no stock for SKU TEA-9, Level red; known"),
        ("stock --at 2020-01-01", "no stock as of 2020-01-01, as far as was known\n"),
        ("trace --sku nope --lot L7", "nothing is known of SKU nope, Lot L7\n"),
        ("rejects --code too_late", "no rejected messages\n"),
    ],
)
def test_nothing_found_is_a_helpful_line(waterline, seeded, line, sentence):
    """Exit code 0: that there is nothing is an answer."""
    code, out, _ = waterline(line, DSN=seeded)
    assert code == 0
    assert sentence in out


@pytest.mark.parametrize("line", ["stock --sku nope", "trace --lot L7", "rejects --code too_late"])
def test_nothing_found_is_an_empty_list_for_programs(waterline, seeded, line):
    """`[]`, exit code 0."""
    code, out, _ = waterline(f"{line} --json", DSN=seeded)
    assert (code, json.loads(out)) == (0, [])


def test_a_limit_says_what_it_leaves_out(waterline, seeded):
    """Nobody takes a part for the whole."""
    assert "1 of 3 rows; --limit N shows more" in waterline("stock --limit 1", DSN=seeded)[1]
    assert "the latest 2 of 8 steps" in waterline("trace --sku MILK-1 --limit 2", DSN=seeded)[1]


def test_a_trail_tells_the_whole_way_in_order(waterline, seeded):
    """Inbound by 张三 → transfer by 李四 → outbound by 王五, at the warehouse's own clock."""
    _, out, _ = waterline("trace --lot L1", DSN=seeded)
    told = [out.index(word) for word in ("inbound", "move", "scrap", "transfer out", "outbound")]
    assert told == sorted(told)
    assert re.search(r"2025-09-01 09:12\s+inbound\s+\+640\s.*EAST DOCK\s+张三 / pda-1\s+PO-7", out)
    assert re.search(r"2025-09-04 09:00\s+transfer in", out)  # Ürümqi is two hours behind
    assert "count variance" in out


def test_a_trail_of_an_order_has_its_line(waterline, seeded):
    """What was promised stands beside what was done."""
    rows = json.loads(waterline("trace --order O-1 --json", DSN=seeded)[1])
    assert [row["type"] for row in rows] == ["order_line", "outbound", "return"]
    assert rows[0]["detail"]["ordered"] == 81.0073
    assert "ordered 81.0073" in waterline("trace --order O-1", DSN=seeded)[1]


def test_rejects_say_what_was_wrong_and_where(waterline, seeded):
    """The sentence and the place of the message."""
    _, out, _ = waterline("rejects", DSN=seeded)
    assert "wms.scans 0@17" in out
    assert "quantity must be above 0, but is -3" in out
    rows = json.loads(waterline("rejects --json", DSN=seeded)[1])
    assert rows[0]["payload_start"] == '{"quantity":-3}'


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_the_summary_is_one_page_that_fits(waterline, seeded, lang):
    """Stock, shortages, lots, lag and the log's numbers, with how to look further."""
    code, out, _ = waterline("summary", DSN=seeded, LANG=lang)
    assert code == 0
    assert "45 ms" in out
    assert "1,235,156" in out
    assert "psql" in out
    tables = [line for line in out.splitlines() if "  " in line and "waterline " not in line]
    assert all(cell_len(line) <= 100 for line in tables)


def test_the_summary_as_json_has_the_same_figures(waterline, seeded):
    """Consumed = applied + repeats + rejects, exactly."""
    found = json.loads(waterline("summary --json", DSN=seeded)[1])
    counts = [int(found[name]) for name in ("consumed", "applied", "repeats", "rejects")]
    assert counts[0] == sum(counts[1:]) == 14
    assert found["units_to_ship"] == "30"
    assert found["shortages"][0]["sku"] == "MILK-1"


def test_a_password_of_another_database_is_not_shown(waterline, seeded):
    """The psql line names the variable, not the secret."""
    assert 'psql "$WATERLINE_DSN"' in waterline("summary", DSN=seeded)[1]


def test_look_ups_cannot_change_anything(settings):
    """The session is read-only."""
    with queries(settings) as database, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        database.connection.execute("delete from stock")


# ---- the processes


@pytest.fixture
def installation(settings):
    """Give the environment of an installation of its own."""
    return {
        "DSN": settings.dsn,
        "BROKERS": settings.brokers,
        "TOPIC_PREFIX": settings.topic_prefix,
        "HOME": str(settings.home),
    }


def shell(line: str, installation) -> subprocess.CompletedProcess[str]:
    """Run a command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", *line.split()],
        env={**os.environ, **{f"WATERLINE_{name}": value for name, value in installation.items()}},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
        cwd=Path(__file__).resolve().parents[2],
    )


@pytest.mark.stack
def test_draining_empty_topics_ends_at_once_with_0(installation):
    """Intake and stock have nothing to read, say so, and end."""
    ended = shell("run --drain", installation)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "intake has ended" in ended.stdout
    assert "stock has ended" in ended.stdout


@pytest.mark.stack
def test_background_flows_are_started_once_and_stopped_by_down(installation):
    """`run --background` twice is the same as once; `down` ends flows and supervisor."""
    first = shell("run intake --background", installation)
    assert "intake runs (pid " in first.stdout, first.stdout + first.stderr
    second = shell("run intake --background", installation)
    assert "intake runs already" in second.stdout
    shell("down", installation)
    assert list((Path(installation["HOME"]) / "run").glob("*.pid")) == []
