"""`waterline demo`: everything on this machine, from nothing to live stock, then a summary.

Enters: a fresh machine or one where part of it already runs. Leaves: the local stack, the schema,
days of real orders folded into the tables, the flows and a live stream of orders running in the
background (`waterline down` stops them), and the summary. May fail as each of its steps may.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from connectors.replay import SENDING, Shelved
from connectors.trouble import Trouble
from flows.commands import (
    endpoint,
    partners,
    progress,
    replay,
    run,
    shown,
    stack,
    summary,
    tick,
)
from flows.commands.look import positive
from flows.commands.parser import top
from flows.settings import environment_of_children
from flows.words import words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from types import ModuleType

    from flows.commands.parser import Subparsers
    from flows.settings import Settings

HISTORY_ENDS = timedelta(minutes=6)
"""Before now: what is younger than five minutes would count as live when lag is measured."""

EVERY = 5.0
"""Seconds between two lines about what is still to come."""

SETTLED = 20.0
ENOUGH = 200
"""Seconds that the live stream is given, and the events after which it need not be given more."""

PARTNERS_COME = 30.0
"""Seconds within which the live stream must say where its partners listen."""

PATIENCE = 90.0
"""Seconds without any progress after which waiting makes no sense."""


def register(subparsers: Subparsers) -> None:
    """Add `demo`."""
    demo = subparsers.add_parser("demo", epilog="example: waterline demo --days 14")
    demo.add_argument("--days", type=positive, default=60)
    demo.add_argument("--json", action="store_true")
    demo.set_defaults(run=show_demo)


def show_demo(args: argparse.Namespace, settings: Settings) -> int:
    """Do it all, and say how long each step took."""
    say = words(settings.lang)
    start = time.monotonic()
    with contextlib.redirect_stdout(sys.stderr if args.json else sys.stdout):
        settings = play(args.days, settings)
        _settle(settings)
    summary.show_summary(args, settings)
    if not args.json:
        shown.say_line("")
        shown.say_line(say("demo.done", seconds=f"{time.monotonic() - start:.0f}"))
    return 0


def play(days: int, settings: Settings, *options: str) -> Settings:
    """Bring all of it up and to life; `options` are more of the replay's. Return where it is."""
    say = words(settings.lang)
    with _timed(say("demo.up"), settings):
        settings = stack.bring_up(settings, shown.say_line)
    with _timed(say("demo.migrate"), settings):
        run.prepare(settings)
    with _timed(say("demo.run"), settings):
        # The clock waits: at each tick, what is true in the midst of the history would be raised.
        run.start_background(["intake", "stock", "relay"], settings)
        if not progress.anything_sent(settings):
            _do(settings, tick, "tick")
    with _timed(say("demo.replay", days=days), settings):
        if not _history_is_there(settings):
            until = datetime.now(UTC) - HISTORY_ENDS
            asked = ("--days", str(days), "--until", until.isoformat(), "--anew", *options)
            line = ("replay", "complete-journey", *asked)
            # A limit that comes after the orders it is for would be judged without their stock.
            _do(settings, replay, *line, after_master=partial(wait_until_committed, settings))
    with _timed(say("demo.committed"), settings):
        wait_until_committed(settings)
    with _timed(say("demo.live"), settings):
        run.start_background(["clock"], settings)
        _start_live(settings)
        _register_partners(settings)
        # What the clock worked out while the history was on its way knew only a part of it.
        for command in ("forecast", "rebalance"):
            _in_background(settings, command, command)
    return settings


@contextlib.contextmanager
def _timed(what: str, settings: Settings) -> Iterator[None]:
    start = time.monotonic()
    yield
    took = f"{time.monotonic() - start:.1f}"
    shown.say_line(f"✓ {words(settings.lang)('demo.step', what=what, seconds=took)}")
    sys.stdout.flush()


def _history_is_there(settings: Settings) -> bool:
    """Return whether an earlier demo sent it, and the topics still are those it was sent to."""
    done = Shelved(settings.home / "run", settings.topic_prefix).read()
    there = done is not None and done.state != SENDING and progress.anything_sent(settings)
    if there:
        shown.say_line(words(settings.lang)("demo.history_is_there"))
    return there


def _do(settings: Settings, module: ModuleType, *line: str, **more: object) -> None:
    """Do what a command line does, in this process; `more` is what only code can say."""
    parser = top(words(settings.lang))
    module.register(parser.add_subparsers())
    args = parser.parse_args([*line])
    vars(args).update(more)
    code = args.run(args, settings)
    if code:
        sentence = words(settings.lang)("demo.failed", command=line[0], code=code)
        raise Trouble(sentence, exit_code=code)


def _start_live(settings: Settings) -> None:
    """Let the orders go on in a process of its own, at the pace of the wall clock."""
    file = run.pid_file_of("replay", settings)
    if run.running(file):
        return
    partners.registry(settings).unlink(missing_ok=True)
    live = ("replay", "complete-journey", "--live", "--partners")
    pid = _in_background(settings, "replay", *live)
    file.write_text(f"{pid}\n")


def _register_partners(settings: Settings) -> None:
    """Register the partners for what they want, as `waterline endpoint add` does."""
    urls = partners.urls(settings, PARTNERS_COME)
    for name, url in urls.items():
        wish = ("--for", partners.wanted(name), "--allow-private")
        _do(settings, endpoint, "endpoint", "add", name, "--url", url, *wish)


def _in_background(settings: Settings, log_name: str, *command: str) -> int:
    """Start a command that outlives this one and says what it does in a log; return its pid."""
    log_file = settings.home / "logs" / f"{settings.topic_prefix}{log_name}.log"
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            [*run.python(), *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment_of_children(),
            start_new_session=True,
        )
    return process.pid


def wait_until_committed(settings: Settings) -> None:
    """Wait until intake and the stock flow have committed all that is on their topics."""
    say = words(settings.lang)
    # A live stream that runs already always has a few messages under way.
    live = run.running(run.pid_file_of("replay", settings))
    least, since, told = None, time.monotonic(), 0.0
    while (behind := progress.waiting(settings)) > (ENOUGH if live else 0):
        now = time.monotonic()
        if least is None or behind < least:
            least, since = behind, now
        if now - since > PATIENCE:
            logs = settings.home / "logs"
            seconds = f"{PATIENCE:.0f}"
            raise Trouble(say("demo.late", behind=behind, seconds=seconds, logs=logs))
        if now - told > EVERY:
            told = now
            shown.say_line(f"  {say('demo.waiting', behind=shown.number(behind))}")
            sys.stdout.flush()
        time.sleep(0.3)


def _settle(settings: Settings) -> None:
    """Give the live stream a moment, so that the summary has a lag and answers to show."""
    end = time.monotonic() + SETTLED
    while time.monotonic() < end:
        lag = progress.flow_rows(settings)["lag"]
        enough = any(row["kind"] == "live" and row["events"] >= ENOUGH for row in lag)
        if enough and partners.answered(settings):
            return
        time.sleep(0.5)
