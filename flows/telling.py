"""What an alert or an action says to a person: one sentence, in English and in Chinese.

Enters: a transition of an alert, or an action as a change of its state left it. Leaves: where it
is, the reason with its numbers, the events behind it; what is unknown is left out. The sentences
are in the catalogue: `alert.<transition>` around `rule.<name>.open` (or `.<reason>`) and
`.resolved`, `action.<state>` around `action.<kind>.what`. A sentence that is missing is a KeyError,
and tests find those.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from flows.clauses import Template
from flows.domain.episodes import ActionRow, AlertRow
from flows.domain.fixed import decimal
from flows.settings import LANGUAGES
from flows.words import entries, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    Told = AlertRow | ActionRow
    Facts = dict[str, Any]

NAMED, BEHIND = 3, 2
"""So many things of a group, and so many events, are named."""
NOWHERE = [""] * len(LANGUAGES)
_KEYS = ("log_partition", "warehouse", "document", "sku", "from", "to", "figure")


def alert_sentence(row: AlertRow, lang: str) -> str:
    """Return what a transition says in one language."""
    return alert_sentences(row)[LANGUAGES.index(lang)]


def action_sentence(row: ActionRow, lang: str) -> str:
    """Return what an action says in one language."""
    return action_sentences(row)[LANGUAGES.index(lang)]


def alert_sentences(row: AlertRow) -> list[str]:
    """Return what a transition says, by language."""
    episode = row.episode
    key, observed = episode.key, episode.observed
    values = {
        **observed,
        "place": _place(key.warehouse, observed, key.sku, key.lot, key.bin),
        "threshold": episode.threshold,
        "opened_at": episode.opened_at,
        "behind": _behind(episode.events),
        "actor": row.actor,
        "note": row.note,
    }
    if "receipts" in values:
        values["receipts"] = _receipts(values["receipts"], values.get("receipts_due"))
    if "invariant" in values:
        values |= _drift(observed)
    rule, change, reason = key.rule, row.transition, "open"
    if change == "resolved":
        change, reason = ("settled" if row.actor else change), "resolved"
    if f"rule.{rule}.{reason}" not in entries():
        reason = observed["reason"]
    return _sentence(f"alert.{change}", f"rule.{rule}", reason)(values, row.at.year)


def action_sentences(row: ActionRow) -> list[str]:
    """Return what an action says in its present state, by language."""
    payload, state = row.payload, row.state
    values = {
        **payload,
        "place": _place(row.warehouse, payload, row.sku, row.lot),
        "quantity": None if row.quantity is None else decimal(row.quantity),
        "value": row.value,
        "actor": row.decided_by,
        "note": row.reason,
    }
    if state == "approved" and row.approval == "auto":
        state = "approved_auto"
    what = "unmark" if payload.get("command") == "unmark" else "what"
    return _sentence(f"action.{state}", f"action.{row.kind}", what)(values, row.proposed_at.year)


def group_sentences(rows: Sequence[Told], part: tuple[int, int]) -> list[str]:
    """Return what transitions of one rule, or steps of one kind of action, say together."""
    first = rows[0]
    number, parts = part
    if isinstance(first, AlertRow):
        key, change = first.episode.key, first.transition
        group, name, warehouse = "alerts", f"rule.{key.rule}", key.warehouse
    else:
        change = first.state
        group, name, warehouse = "actions", f"action.{first.kind}", first.warehouse
    subjects = zip(*[_subject(row) for row in rows[:NAMED]], strict=True)
    values = {
        "warehouse": warehouse,
        "count": len(rows),
        "change": _both(f"change.{change}"),
        "part": number if parts > 1 else None,
        "parts": parts,
        "subjects": [
            comma.join(names) for comma, names in zip(_both("group.comma"), subjects, strict=True)
        ],
        "more": max(len(rows) - NAMED, 0),
    }
    return _sentence(f"group.{group}", name, "name")(values, 0)


def name_of(name: str, lang: str) -> str:
    """Return what a rule or a kind of action is called."""
    say = words(lang)
    return say.get(f"rule.{name}.name", "") or say(f"action.{name}.name")


def item_of(facts: Facts, sku: str, lang: str) -> str:
    """Return an item's name in the language, or in the other one, or its SKU."""
    first, second = ("name", "name_zh") if lang == "en" else ("name_zh", "name")
    return facts.get(first) or facts.get(second) or sku


def key_of(pair: dict[str, Any]) -> str:
    """Return the key of a difference between tables as people read it."""
    return " / ".join(str(pair[name]) for name in _KEYS if name in pair)


def _subject(row: Told) -> list[str]:
    """Return what a row of a warehouse is about, by language."""
    if isinstance(row, ActionRow):
        return _place("", row.payload, row.sku, row.lot)
    key, observed = row.episode.key, row.episode.observed
    place = _place("", observed, key.sku, key.lot, key.bin)
    return place if place[0] else [key.subject] * len(LANGUAGES)


def _place(warehouse: str, facts: Facts, sku: str, lot: str, bin_: str = "") -> list[str]:
    """Return where it is, by language: warehouse, item, lot, bin."""
    items = [item_of(facts, sku, lang) for lang in LANGUAGES]
    if items[0] and warehouse and not lot and not bin_:
        return [f"{warehouse} · {item}" for item in items]
    lots = _both("place.lot", lot=lot) if lot else NOWHERE
    bins = _both("place.bin", bin=bin_) if bin_ else NOWHERE
    return [
        " · ".join([part for part in (warehouse, *place) if part])
        for place in zip(items, lots, bins, strict=True)
    ]


@cache
def _sentence(around: str, about: str, what: str) -> Template:
    """Return the sentence of a change with its reason, or its name, in the middle."""
    known = entries()
    middle = {"{name}": known[f"{about}.name"], "{what}": known[f"{about}.{what}"]}
    texts = {}
    for lang in LANGUAGES:
        text = known[around][lang]
        for place, said in middle.items():
            text = text.replace(place, said[lang])
        texts[lang] = text
    return Template(texts)


def _both(sentence: str, **values: object) -> list[str]:
    return [words(lang)(sentence, **values) for lang in LANGUAGES]


@cache
def _receipts(count: int | None, due: int | None) -> list[str] | None:
    if not count:
        return None if count is None else _both("alert.receipts_none")
    if count == 1:
        return _both("alert.receipt_due" if due else "alert.receipt_undue")
    if not due:
        return _both("alert.receipts_undue", receipts=count)
    return _both("alert.receipts_due", receipts=count, due=due)


def _drift(observed: Facts) -> Facts:
    said = {"invariant": _both(f"invariant.{observed['invariant']}")}
    worst = observed.get("worst")
    return said | {**worst[0], "key": key_of(worst[0])} if worst else said


def _behind(events: Sequence[str]) -> list[str] | None:
    if not events:
        return None
    named = ", ".join(events[:BEHIND])
    more = len(events) - BEHIND
    return _both("alert.events", first=named, more=more) if more > 0 else [named] * len(LANGUAGES)
