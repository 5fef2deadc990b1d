from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from flows.commands.supervise import Child, Supervisor


@pytest.fixture
def told():
    """Give the list of what a supervisor reported."""
    return []


@pytest.fixture
def supervisor(told):
    """Give a supervisor that gives up after three failures."""
    return Supervisor(lambda what, child, pause: told.append((what, child.name, pause)), 3)


def child(tmp_path, code: str, name: str = "one") -> Child:
    """Return a child that runs Python code."""
    return Child(name, [sys.executable, "-c", code], tmp_path / "run" / f"{name}.pid")


def test_a_child_that_ends_well_is_not_started_again(tmp_path, supervisor, told):
    """Exit code 0 is an end."""
    assert supervisor.run([child(tmp_path, "pass")]) == 0
    assert told == [("ended", "one", 0)]


def test_a_child_that_stopped_on_purpose_is_not_started_again(tmp_path, supervisor, told):
    """Exit code 3 (reject limit, offset gone, fenced) is handed on."""
    assert supervisor.run([child(tmp_path, "raise SystemExit(3)")]) == 3
    assert told == [("stopped", "one", 0)]


def test_a_child_that_dies_is_started_again_with_growing_pauses(tmp_path, supervisor, told):
    """0.25 s, 0.5 s, and so on; with a limit it gives up and hands the code on."""
    one = child(tmp_path, "raise SystemExit(7)")
    assert supervisor.run([one]) == 7
    assert told == [("again", "one", 0.25), ("again", "one", 0.5), ("given_up", "one", 0)]
    assert (one.restarts, one.last_exit_code, one.state) == (2, 7, "given_up")


def test_a_killed_child_is_started_again(tmp_path, supervisor, told):
    """SIGKILL is no reason to stay away; the second run ends well."""
    mark = tmp_path / "mark"
    code = (
        f"import pathlib, os; p = pathlib.Path({str(mark)!r});\n"
        "if p.exists(): raise SystemExit(0)\n"
        "p.touch(); os.kill(os.getpid(), 9)"
    )
    assert supervisor.run([child(tmp_path, code)]) == 0
    assert [what for what, _, _ in told] == ["again", "ended"]


def test_stopping_ends_children_and_removes_their_pid_files(tmp_path, supervisor):
    """SIGTERM reaches every child; nothing is left behind."""
    children = [child(tmp_path, "import time; time.sleep(60)", name) for name in ("a", "b")]
    threading.Timer(0.5, supervisor.stopping.set).start()
    start = time.monotonic()
    assert supervisor.run(children) == 0
    assert time.monotonic() - start < 4
    assert list((tmp_path / "run").iterdir()) == []
    assert all(one.process is None for one in children)


def test_a_child_that_ignores_sigterm_is_killed(tmp_path, supervisor, monkeypatch):
    """After the grace nothing is asked any more."""
    monkeypatch.setattr("flows.commands.supervise.GRACE", 0.3)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    one = child(tmp_path, code)
    threading.Timer(0.8, supervisor.stopping.set).start()
    supervisor.run([one])
    assert one.ended == -signal.SIGKILL


def test_a_child_asked_to_end_by_somebody_else_stays_ended(tmp_path, supervisor, told):
    """`waterline down` ends the children and their supervisor in any order."""
    one = child(tmp_path, "import time; time.sleep(60)")
    threading.Timer(0.5, lambda: os.kill(int(one.pid_file.read_text()), signal.SIGTERM)).start()
    assert supervisor.run([one]) == 0
    assert told == [("ended", "one", 0)]


def test_lines_of_children_carry_their_names(tmp_path, supervisor, capsys):
    """In the foreground one sees who says what."""
    supervisor.run([child(tmp_path, "print('好', flush=True)")])
    assert capsys.readouterr().out == "one | 好\n"


def test_only_the_named_children_are_waited_for(tmp_path, supervisor):
    """Draining waits for intake while stock goes on."""
    quick = child(tmp_path, "pass", "quick")
    slow = child(tmp_path, "import time; time.sleep(60)", "slow")
    assert supervisor.run([quick, slow], until=[quick]) == 0
    assert slow.process is not None
    slow.stop()


def group(tmp_path, *codes: str) -> list[Child]:
    """Return children that live and die together."""
    made = [child(tmp_path, code, f"m{number}") for number, code in enumerate(codes)]
    for one in made:
        one.group = "cluster"
    return made


SLEEP = "import time; time.sleep(60)"


def test_when_a_member_of_a_group_dies_all_are_ended_and_started_again(tmp_path, told):
    """The others, which cannot go on without it, get a moment and are then asked to end."""
    mark = tmp_path / "mark"
    dying = (
        f"import pathlib, os, time; p = pathlib.Path({str(mark)!r});\n"
        "if not p.exists(): p.touch(); os.kill(os.getpid(), 9)\n"
        "time.sleep(60)"
    )
    renewed = []
    supervisor = Supervisor(
        lambda what, child, pause: told.append((what, child.name, pause)),
        renew=lambda members: renewed.append([one.name for one in members]),
    )
    members = group(tmp_path, SLEEP, dying)
    threading.Timer(3.5, supervisor.stopping.set).start()
    assert supervisor.run(members) == 0
    assert told == [("group_again", "m1", 0.25)]
    assert [one.restarts for one in members] == [1, 1]
    assert renewed == [["m0", "m1"]] * 2


def test_a_group_of_which_one_stopped_on_purpose_is_not_started_again(tmp_path, supervisor, told):
    """A fenced member takes the others with it."""
    members = group(tmp_path, SLEEP, "raise SystemExit(3)", "raise SystemExit(1)")
    assert supervisor.run(members) == 15
    assert [what for what, _, _ in told] == ["stopped"] * 3


def test_a_group_that_has_drained_ends(tmp_path, supervisor, told):
    """One that is quicker than the others does not cut them short."""
    members = group(tmp_path, "pass", "import time; time.sleep(2)")
    assert supervisor.run(members) == 0
    assert [what for what, _, _ in told] == ["ended"] * 2
    assert all(one.ended == 0 for one in members)
