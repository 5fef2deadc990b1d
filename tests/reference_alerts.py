"""The slow, obvious model of alerts, for tests only: it reads a log one event at a time.

Enters: what the log holds, in its order, one tick or event after the other, decisions naming the
model's own ids. Leaves: after each the transitions of episodes (`told`) and of actions (`steps`),
each recomputed from the whole log so far; what is open is in `episodes`, `actions`. Repeats have no
effect. Nothing fails: events are as the decoder lets them pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from flows.domain import events as ev
from flows.domain.episodes import EpisodeKey
from tests import reference_rules as rules
from tests.reference import is_lost
from tests.reference_actions import Actions, name_of
from tests.reference_touches import place_of, touched
from tests.reference_views import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.reference_touches import Place

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OLD, PAST, DAY = timedelta(minutes=5), timedelta(days=1), timedelta(hours=24)
NEVER_OLD = (
    *(ev.Tick, ev.Policy, ev.Item, ev.Bin, ev.Warehouse),
    *(ev.Cancel, ev.Decision, ev.Proposal),
)
FINDINGS = ("outbound_mismatch", "shrinkage", "unexplained_move", "high_value_unrecorded")
RANK = rules.RANK


class Told(NamedTuple):
    """One transition: which episode, what became of it, and by which message."""

    offset: int
    key: EpisodeKey
    transition: str
    severity: str


@dataclass
class Episode:
    """What is open of a key; `remind_at` is when somebody is told again."""

    offset: int
    severity: str
    remind_at: datetime
    acknowledged: bool = False

    @property
    def state(self) -> str:
        """Where it stands."""
        return "acknowledged" if self.acknowledged else "open"


@dataclass
class Alerts:
    """All episodes of a log; `log` holds what was read of it."""

    log: list[ev.Event] = field(default_factory=list)
    episodes: dict[EpisodeKey, Episode] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    actions: Actions = field(default_factory=Actions)
    stale: set[Place] = field(default_factory=set)
    """Places of which the last event was old: not judged until a tick or an event that is not."""
    causes: dict[EpisodeKey, set[str]] = field(default_factory=dict)
    """The events that nobody explained, by what they are about."""
    settled: set[EpisodeKey] = field(default_factory=set)
    """Orders that a person settled and that are still wrong."""

    def __post_init__(self) -> None:
        """Begin with an empty world."""
        self.view = View([], {})
        self.dates: dict[tuple[str, str], rules.Dates] = {}
        self.offset = 0
        self.now = EPOCH
        self.found: set[Place] = set()
        """The orders and counts of which this event may raise something."""

    def read(self, offset: int, event: ev.Event) -> None:
        """Read the next message of the log."""
        if any(known.event_id == event.event_id for known in self.log):
            return
        before, self.offset = self.view, offset
        self.log.append(event)
        self.view = View(self.log, before.demands)
        clock = before.model.clock
        self.now = max(event.occurred_at, clock or event.occurred_at)
        first = len(self.told)
        self.found.clear()
        tick = isinstance(event, ev.Tick) and self.view.model.clock != clock
        if tick:
            self._tick()
        elif isinstance(event, ev.Decision):
            self._decide(event)
            self.stale -= self.actions.decide(self, event)
        else:
            self._note(before, event)
        self._judge_all(before, tick=tick)
        self.actions.read(self, event, self.told[first:])
        if tick:
            self._remind()

    # --- what may be judged ------------------------------------------------------------------

    def _tick(self) -> None:
        """Look at whole days; nothing is old any more."""
        model = self.view.model
        pairs = sorted(model.named())
        self.view = View(self.log, {pair: model.books.demand(pair) for pair in pairs})
        self.stale.clear()
        for pair in pairs:
            available = self.view.figures(pair).available
            row = model.books.figures(pair, available)
            today, since = self.view.today(pair[0]), row["issued_on"] or row["first_on"]
            idle = None if since is None or today is None else (today - since).days
            self.dates[pair] = rules.Dates(row["stock_out_on"], idle)

    def _note(self, before: View, event: ev.Event) -> None:
        """Note what an event concerns, and what of it is new and may be found."""
        age = timedelta(0)
        if before.model.clock and not isinstance(event, NEVER_OLD):
            age = before.model.clock - event.occurred_at
        places = touched(before, self.view, event)
        self.stale = self.stale | places if age > OLD else self.stale - places
        if age <= PAST:
            self.found |= {place for place in places if place[0] == "order"}
        names = {event.event_id, *(before.effective.keys() ^ self.view.effective.keys())}
        for own in (one for one in self.log if one.event_id in names):
            if isinstance(own, ev.Outbound | ev.OrderLine) and own.order_id:
                key = EpisodeKey("outbound_mismatch", own.warehouse, own.sku)
                self.settled.discard(key._replace(subject=own.order_id))
                if age <= PAST:
                    self.found.add(("order", own.warehouse, own.order_id, own.sku))
        for name in self.view.effective.keys() - before.effective.keys():
            new = self.view.effective[name]
            recent = before.model.clock is None or before.model.clock - new.occurred_at <= PAST
            if isinstance(new, ev.Stocktake) and recent:
                self.found.add(("count", name))
            for key in self._about(new):
                if recent or self.causes.get(key, set()) & before.effective.keys():
                    self.causes.setdefault(key, set()).add(name)

    def _about(self, event: ev.Event) -> Iterator[EpisodeKey]:
        """Yield what an event that should have said more raises."""
        if not isinstance(event, ev.Movement) or is_lost(event):
            return
        leaves = isinstance(event, ev.Outbound | ev.Scrap) or (
            isinstance(event, ev.Adjustment) and event.direction == "loss"
        )
        precious, cost = self.view.is_precious(event.sku), self.view.unit_cost(event.sku)
        least = self.view.policy("unexplained_value", event.warehouse, event.sku)
        dear = precious or (cost is not None and event.quantity * cost >= (least or 0))
        if leaves and dear and not (event.order_id or event.document or event.reason):
            where = (event.warehouse, event.sku, event.lot or "", event.from_bin or "")
            yield EpisodeKey("unexplained_move", *where)
        if precious and not isinstance(event, ev.StatusChange) and not event.video_url:
            yield EpisodeKey("high_value_unrecorded", event.warehouse, event.sku)

    # --- judging -----------------------------------------------------------------------------

    def _judge_all(self, before: View, *, tick: bool) -> None:
        """Judge every key that may be, those that have an episode as well."""
        keys = {*rules.state_keys(self.view), *self._finding_keys(), *self.episodes}
        for key in sorted(keys):
            known = self.episodes.get(key)
            severity = known.severity if known else None
            if key.rule in FINDINGS:
                new = self._finding(before, key, severity)
            elif key.rule in rules.DAILY:
                dates = self.dates.get((key.warehouse, key.sku), rules.Dates(None, None))
                new = rules.DAILY[key.rule](self.view, key, severity, dates) if tick else severity
            elif place_of(key) in self.stale:
                new = severity
            else:
                new = rules.STATES[key.rule](self.view, key, severity)
            self._become(key, new)

    def _finding_keys(self) -> Iterator[EpisodeKey]:
        view = self.view
        yield from self.causes
        for cell in view.cells:
            if cell[3]:
                yield EpisodeKey("unexplained_move", *cell[:4])
        for place in view.missing:
            yield EpisodeKey("shrinkage", *place)
        of_lines = {
            (row["warehouse"], row["order_id"], row["sku"]) for row in view.model.orders.values()
        }
        for warehouse, order_id, sku in {*of_lines, *view.scanned}:
            yield EpisodeKey("outbound_mismatch", warehouse, sku, subject=order_id)

    def _finding(self, before: View, key: EpisodeKey, known: str | None) -> str | None:
        """Return the severity of a finding: those about events open with an event alone."""
        if key.rule == "shrinkage":
            return self._shrinkage(before, key, known)
        if key.rule == "outbound_mismatch":
            return self._mismatch(before, key, known)
        causes = self.causes.get(key, set())
        if causes & self.view.effective.keys():
            return known if known and causes & before.effective.keys() else self._care(key)
        if key.rule == "unexplained_move" and place_of(key) in self.stale:
            return known
        short = key.rule == "unexplained_move" and self.view.is_short(*key[1:5])
        return (known or self._care(key)) if short else None

    def _mismatch(self, before: View, key: EpisodeKey, known: str | None) -> str | None:
        """Judge an order when a scan or an image of the SKU comes, or the line or order changes."""
        wrong = rules.outbound_mismatch(self.view, key, known)
        if wrong is None:
            self.settled.discard(key)
        was, now = (view.lines(key.warehouse, key.subject) for view in (before, self.view))
        mine = [[row for row in rows if row["sku"] == key.sku] for rows in (was, now)]
        turned = bool(was) != bool(now) or mine[0] != mine[1]
        place = place_of(key)
        new = (*place, key.sku) in self.found or (place in self.found and turned)
        return wrong if known or (new and key not in self.settled) else None

    def _shrinkage(self, before: View, key: EpisodeKey, known: str | None) -> str | None:
        """Judge a count when it comes and, while it is open, when the book behind it changes."""
        count = (*key[1:5], key.subject)
        if before.missing.get(count) == self.view.missing.get(count):
            return known
        new = known is not None or ("count", key.subject) in self.found
        return rules.shrinkage(self.view, key, known) if new else None

    def _care(self, key: EpisodeKey) -> str:
        precious = key.rule == "unexplained_move" and self.view.is_precious(key.sku)
        return rules.severe(precious)

    # --- episodes ----------------------------------------------------------------------------

    def _become(self, key: EpisodeKey, severity: str | None) -> None:
        """Open, change or end the episode of a key."""
        known = self.episodes.get(key)
        if known is None:
            if severity is not None:
                self.episodes[key] = Episode(self.offset, severity, self.now + DAY)
                self._tell(key, "opened", severity)
        elif severity is None:
            del self.episodes[key]
            self._tell(key, "resolved", known.severity)
        elif severity != known.severity:
            worse = RANK[severity] > RANK[known.severity]
            if worse and known.acknowledged:
                known.acknowledged, known.remind_at = False, self.now + DAY
            known.severity = severity
            self._tell(key, "escalated" if worse else "eased", severity)

    def _tell(self, key: EpisodeKey, transition: str, severity: str) -> None:
        self.told.append(Told(self.offset, key, transition, severity))

    def _decide(self, event: ev.Decision) -> None:
        """Let a person acknowledge or settle an alert; of what is not open nothing is heard."""
        for key, known in self.episodes.items():
            if name_of(known.offset, key) == event.alert_id:
                break
        else:
            return
        lasts = key.rule == "unexplained_move" and self.view.is_short(*key[1:5])
        if event.decision == "resolve" and key.rule in FINDINGS and not lasts:
            self.causes.pop(key, None)
            self.settled.add(key)
            self._become(key, None)
        elif not known.acknowledged:
            known.acknowledged = True
            self._tell(key, "acknowledged", known.severity)
        else:
            return
        self.stale.discard(("account", key.warehouse, key.sku))

    def _remind(self) -> None:
        """Tell again what has been open for a day and nobody has taken up."""
        clock = self.view.model.clock
        for key, known in sorted(self.episodes.items()):
            due = clock is not None and known.remind_at <= clock
            if due and not known.acknowledged and known.severity != rules.INFO:
                known.remind_at = clock + DAY
                self._tell(key, "reminded", known.severity)
