from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows import cli
from flows.commands.sentences import sentence_of
from flows.settings import load
from flows.words import entries

if TYPE_CHECKING:
    from flows.commands.parser import Parser

COMMANDS = (
    *("demo", "up", "down", "status", "migrate", "run", "send", "replay", "tick"),
    *("stock", "trace", "rejects", "query", "schema", "summary", "audit", "check", "grafana"),
)


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
        ("run kitchen", "there is no flow 'kitchen'; the flows are intake, stock, clock, relay"),
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
