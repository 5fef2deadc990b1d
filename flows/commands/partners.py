"""The demo's partners and people: who takes the messages, and who decides.

Enters: the live simulator, the settings. Leaves: the partners' servers, where they listen in
`run/partners.json`; decisions of a purchaser and of shift leads on the log, each after the while
that a person takes. Some proposals are left alone, so that whoever watches has one to decide on.
What goes wrong with a decision is tried again; nothing of it stops the stream.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from zlib import crc32

import psycopg

from connectors.replay.partners import PARTNERS, Partners
from connectors.trouble import Trouble
from flows.commands import look
from flows.deciding import Subject, decide, decision
from flows.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from connectors.queries import Queries, Row
    from connectors.replay import Replay
    from flows.domain.events import Decision
    from flows.settings import Settings

CHANNEL = "demo"
EVERY = 3.0
AT_ONCE = 3
"""Decisions of a person in one go, and seconds between two goes."""
THINKS = range(2, 40)
"""Seconds that a person takes."""
BUYER, LEAD = "采购 吴敏", "班组长 赵敏"
REJECTED = "the supplier has stopped making it / 供应商已停产"
NOTED = "looking into it / 正在核查"
LOOKED_AT = (
    "shrinkage", "outbound_mismatch", "bin_overweight", "transfer_late", "stock_out",
    "high_value_unrecorded",
)  # fmt: skip
_LEFT = 4
"""One in so many is left to whoever watches."""
log = logging.getLogger(__name__)


def registry(settings: Settings) -> Path:
    """Return the file that says where the partners listen."""
    return settings.home / "run" / f"{settings.topic_prefix}partners.json"


def wanted(name: str) -> str:
    """Return for which messages a partner registers."""
    return ",".join(PARTNERS[name])


def urls(settings: Settings, patience: float) -> dict[str, str]:
    """Return name → URL of the partners, once they listen."""
    end = time.monotonic() + patience
    while True:
        try:
            found: dict[str, str] = json.loads(registry(settings).read_bytes())
        except FileNotFoundError:
            if time.monotonic() < end:
                time.sleep(0.1)
                continue
            file = settings.home / "logs" / f"{settings.topic_prefix}replay.log"
            raise Trouble(words(settings.lang)("demo.no_partners", log=file)) from None
        return found


def answered(settings: Settings) -> bool:
    """Return whether the partners' purchases have come back."""
    with look.queries(settings) as database:
        return any(row["sent_at"] for row in _actions(database, "done"))


@contextmanager
def running(replay: Replay, settings: Settings) -> Iterator[None]:
    """Have the partners and the people there during the block."""
    logs = settings.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    file = logs / f"{settings.topic_prefix}partners.jsonl"
    partners = Partners(replay.inbox, settings.home / "secrets", file)
    partners.start()
    place = registry(settings)
    fresh = place.with_suffix(".new")
    fresh.write_text(json.dumps(partners.urls) + "\n", encoding="utf-8")
    fresh.replace(place)
    over = threading.Event()
    people = threading.Thread(target=People(settings).work, args=(over,), name="people")
    people.start()
    try:
        yield
    finally:
        over.set()
        place.unlink(missing_ok=True)
        partners.close()
        people.join(10)


class People:
    """Look every few seconds at what is proposed and open, and answer some of it."""

    def __init__(self, settings: Settings) -> None:
        """Know nothing yet."""
        self._settings = settings
        self._seen: dict[str, float] = {}

    def work(self, over: threading.Event) -> None:
        """Decide until it is over."""
        while not over.wait(EVERY):
            try:
                with look.queries(self._settings) as database:
                    decide(self._settings, database, self._decisions(database), EVERY)
            except (psycopg.Error, Trouble) as error:
                log.warning("nobody could decide: %s", error)

    def _decisions(self, database: Queries) -> list[tuple[Subject, Decision]]:
        proposed, refused = _actions(database, "proposed"), _actions(database, "rejected")
        found: list[tuple[Subject, Decision]] = []
        for row in self._ready(proposed, "action_id"):
            about = Subject("action", row["action_id"], row["warehouse"], row["kind"])
            if refused or not found:
                answer = decision(about, "approve", BUYER, channel=CHANNEL)
            else:
                answer = decision(about, "reject", BUYER, REJECTED, channel=CHANNEL)
                refused = [row]
            found.append((about, answer))
        for row in self._ready(_alerts(database), "alert_id"):
            about = Subject("alert", row["alert_id"], row["warehouse"], row["rule"])
            found.append((about, decision(about, "acknowledge", LEAD, NOTED, channel=CHANNEL)))
        return found

    def _ready(self, rows: Sequence[Row], key: str) -> list[Row]:
        """Return those that a person has had before them for long enough."""
        now, ready = time.monotonic(), []
        for row in rows:
            draw = crc32(row[key].encode())
            since = self._seen.setdefault(row[key], now)
            if draw % _LEFT and now - since >= THINKS[draw // _LEFT % len(THINKS)]:
                ready.append(row)
        return ready[:AT_ONCE]


def _actions(database: Queries, state: str) -> list[Row]:
    return database.rows(
        "actions", warehouse=None, kind="replenishment", states=[state], standing=False, ids=None,
        limit=200,
    )  # fmt: skip


def _alerts(database: Queries) -> list[Row]:
    rows = database.rows(
        "alerts", states=["open"], warehouse=None, rule=None, severity=None, sku=None, ids=None,
        limit=400,
    )  # fmt: skip
    return [row for row in rows if row["rule"] in LOOKED_AT]
