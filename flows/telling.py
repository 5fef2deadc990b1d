"""What an alert or an action says to a person: one sentence, in English or in Chinese.

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
from flows.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    Told = AlertRow | ActionRow
    Facts = dict[str, Any]

NAMED, BEHIND = 3, 2
"""So many things of a group, and so many events, are named."""
_KEYS = ("log_partition", "warehouse", "document", "sku", "from", "to", "figure")


def alert_sentence(row: AlertRow, lang: str) -> str:
    """Return what a transition says."""
    episode = row.episode
    rule, warehouse, sku, lot, bin_, _ = episode.key
    observed = episode.observed
    values = {
        **observed,
        "place": _place(warehouse, item_of(observed, sku, lang), lot, bin_, lang),
        "threshold": episode.threshold,
        "opened_at": episode.opened_at,
        "behind": _behind(episode.events, lang),
        "actor": row.actor,
        "note": row.note,
    }
    if "receipts" in values:
        values["receipts"] = _receipts(values["receipts"], values.get("receipts_due"), lang)
    if "invariant" in values:
        values |= _drift(observed, lang)
    change, reason = row.transition, "open"
    if change == "resolved":
        change, reason = ("settled" if row.actor else change), "resolved"
    if f"rule.{rule}.{reason}" not in words(lang).sentences:
        reason = observed["reason"]
    return _sentence(f"alert.{change}", f"rule.{rule}", reason, lang)(values, row.at.year)


def action_sentence(row: ActionRow, lang: str) -> str:
    """Return what an action says in its present state."""
    payload, state = row.payload, row.state
    values = {
        **payload,
        "place": _place(row.warehouse, item_of(payload, row.sku, lang), row.lot, "", lang),
        "quantity": None if row.quantity is None else decimal(row.quantity),
        "value": row.value,
        "actor": row.decided_by,
        "note": row.reason,
    }
    if state == "approved" and row.approval == "auto":
        state = "approved_auto"
    what = "unmark" if payload.get("command") == "unmark" else "what"
    template = _sentence(f"action.{state}", f"action.{row.kind}", what, lang)
    return template(values, row.proposed_at.year)


def group_sentence(rows: Sequence[Told], part: tuple[int, int], lang: str) -> str:
    """Return what transitions of one rule, or steps of one kind of action, say together."""
    first = rows[0]
    number, parts = part
    if isinstance(first, AlertRow):
        group, warehouse, change = "alerts", first.episode.key.warehouse, first.transition
        name = f"rule.{first.episode.key.rule}.name"
    else:
        group, warehouse, change = "actions", first.warehouse, first.state
        name = f"action.{first.kind}.name"
    say = words(lang)
    values = {
        "warehouse": warehouse,
        "count": len(rows),
        "name": say(name),
        "change": say(f"change.{change}"),
        "part": number if parts > 1 else None,
        "parts": parts,
        "subjects": say("group.comma").join(_subject(row, lang) for row in rows[:NAMED]),
        "more": max(len(rows) - NAMED, 0),
    }
    return _template(say.sentences[f"group.{group}"], lang)(values, 0)


def item_of(facts: Facts, sku: str, lang: str) -> str:
    """Return an item's name in the language, or in the other one, or its SKU."""
    first, second = ("name", "name_zh") if lang == "en" else ("name_zh", "name")
    return facts.get(first) or facts.get(second) or sku


def key_of(pair: dict[str, Any]) -> str:
    """Return the key of a difference between tables as people read it."""
    return " / ".join(str(pair[name]) for name in _KEYS if name in pair)


def _subject(row: Told, lang: str) -> str:
    """Return what a row of a warehouse is about."""
    if isinstance(row, ActionRow):
        return _place("", item_of(row.payload, row.sku, lang), row.lot, "", lang)
    _, _, sku, lot, bin_, subject = row.episode.key
    return _place("", item_of(row.episode.observed, sku, lang), lot, bin_, lang) or subject


def _place(warehouse: str, item: str, lot: str, bin_: str, lang: str) -> str:
    place = f"{warehouse} · {item}" if warehouse and item else warehouse or item
    if lot or bin_:
        say = words(lang)
        parts = [place] if place else []
        parts += [say("place.lot", lot=lot)] if lot else []
        parts += [say("place.bin", bin=bin_)] if bin_ else []
        return " · ".join(parts)
    return place


@cache
def _sentence(around: str, about: str, what: str, lang: str) -> Template:
    """Return the sentence of a change with the reason, or the name of it, in its middle."""
    sentences = words(lang).sentences
    name, reason = sentences[f"{about}.name"], sentences[f"{about}.{what}"]
    return _template(sentences[around].replace("{what}", reason).replace("{name}", name), lang)


@cache
def _template(text: str, lang: str) -> Template:
    return Template(text, lang)


@cache
def _receipts(count: int | None, due: int | None, lang: str) -> str | None:
    say = words(lang)
    if not count:
        return None if count is None else say("alert.receipts_none")
    if count == 1:
        return say("alert.receipt_due" if due else "alert.receipt_undue")
    if not due:
        return say("alert.receipts_undue", receipts=count)
    return say("alert.receipts_due", receipts=count, due=due)


def _drift(observed: Facts, lang: str) -> Facts:
    said = {"invariant": words(lang)(f"invariant.{observed['invariant']}")}
    worst = observed.get("worst")
    return said | {**worst[0], "key": key_of(worst[0])} if worst else said


def _behind(events: Sequence[str], lang: str) -> str:
    named = ", ".join(events[:BEHIND])
    more = len(events) - BEHIND
    return words(lang)("alert.events", first=named, more=more) if more > 0 else named
