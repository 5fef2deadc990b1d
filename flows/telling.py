"""What an alert or an action says to a person: one sentence, in English or in Chinese.

Enters: a transition of an alert, or an action as a change of its state left it. Leaves: where it
is, the reason with its numbers, the events behind it; what is unknown is left out. The sentences
are in the catalogue under `rule.<name>`, `alert.<transition>`, `action.<kind>` and
`action.<state>`. Nothing fails on what a row may hold; a sentence that is missing is a KeyError,
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

NAMED = 3
"""So many of a group are named; of events one less."""


def alert_sentence(row: AlertRow, lang: str) -> str:
    """Return what a transition says."""
    episode, year = row.episode, row.at.year
    rule = episode.key.rule
    values: dict[str, Any] = {"place": alert_place(row, lang)}
    change = row.transition
    if change == "resolved" and row.actor:
        change = "settled"
    if change in {"acknowledged", "settled"}:
        values |= {"name": name_of(rule, lang), "actor": row.actor, "note": row.note}
    else:
        facts = _facts(row, lang)
        values["what"] = template(_reason(rule, change, facts), lang)(facts, year)
        if change != "resolved":
            values["events"] = _events(episode.events, lang)
            values["opened_at"] = episode.opened_at
    return template(f"alert.{change}", lang)(values, year)


def action_sentence(row: ActionRow, lang: str) -> str:
    """Return what an action says in its present state."""
    payload, year = row.payload, row.proposed_at.year
    what = "unmark" if payload.get("command") == "unmark" else "what"
    facts = {
        **payload,
        "quantity": None if row.quantity is None else decimal(row.quantity),
        "value": row.value,
    }
    values = {
        "place": action_place(row, lang),
        "what": template(f"action.{row.kind}.{what}", lang)(facts, year),
        "decided_by": row.decided_by,
        "reason": row.reason,
    }
    state = row.state
    if state == "approved" and row.approval == "auto":
        state = "approved_auto"
    return template(f"action.{state}", lang)(values, year)


def group_sentence(rows: Sequence[Told], part: tuple[int, int], lang: str) -> str:
    """Return what transitions of one rule, or steps of one kind of action, say together."""
    first = rows[0]
    number, parts = part
    if isinstance(first, AlertRow):
        kind, name, warehouse, change = "alerts", *first.episode.key[:2], first.transition
    else:
        kind, name, warehouse, change = "actions", first.kind, first.warehouse, first.state
    say = words(lang)
    values = {
        "warehouse": warehouse,
        "count": len(rows),
        "name": name_of(name, lang),
        "change": say(f"change.{change}"),
        "part": number if parts > 1 else None,
        "parts": parts,
        "subjects": say("group.comma").join(subject_of(row, lang) for row in rows[:NAMED]),
        "more": len(rows) - NAMED,
    }
    return template(f"group.{kind}", lang)(values, 0)


def subject_of(row: Told, lang: str) -> str:
    """Return what a row of a warehouse is about."""
    if isinstance(row, ActionRow):
        return _place("", item_of(row.payload, row.sku, lang), row.lot, "", lang)
    _, _, sku, lot, bin_, subject = row.episode.key
    return _place("", item_of(row.episode.observed, sku, lang), lot, bin_, lang) or subject


def alert_place(row: AlertRow, lang: str) -> str:
    """Return what an alert is about: warehouse, item, lot, bin."""
    _, warehouse, sku, lot, bin_, _ = row.episode.key
    item = item_of(row.episode.observed, sku, lang)
    return _place(warehouse, item, lot, bin_, lang)


def action_place(row: ActionRow, lang: str) -> str:
    """Return what an action is about: warehouse, item, lot."""
    return _place(row.warehouse, item_of(row.payload, row.sku, lang), row.lot, "", lang)


def _place(warehouse: str, item: str, lot: str, bin_: str, lang: str) -> str:
    say = words(lang)
    parts = [part for part in (warehouse, item) if part]
    if lot:
        parts.append(say("place.lot", lot=lot))
    if bin_:
        parts.append(say("place.bin", bin=bin_))
    return " · ".join(parts)


def item_of(facts: dict[str, Any], sku: str, lang: str) -> str:
    """Return an item's name in the language, or in the other one, or its SKU."""
    first, second = ("name", "name_zh") if lang == "en" else ("name_zh", "name")
    return facts.get(first) or facts.get(second) or sku


def name_of(name: str, lang: str) -> str:
    """Return the name of a rule or of a kind of action."""
    say = words(lang)
    return say.get(f"rule.{name}.name", "") or say(f"action.{name}.name")


@cache
def template(name: str, lang: str) -> Template:
    """Return a template of the catalogue, made ready."""
    return Template(words(lang).sentences[name], lang)


@cache
def _variants(rule: str) -> frozenset[str]:
    return frozenset(name for name in words("en").sentences if name.startswith(f"rule.{rule}."))


def _reason(rule: str, change: str, facts: dict[str, Any]) -> str:
    """Return the id of the sentence: some rules have one for each of their reasons."""
    if change == "resolved":
        return f"rule.{rule}.resolved"
    name = f"rule.{rule}.open"
    return name if name in _variants(rule) else f"rule.{rule}.{facts.get('reason')}"


def _facts(row: AlertRow, lang: str) -> dict[str, Any]:
    """Return the observed numbers with what is put together from them."""
    facts = {**row.episode.observed, "threshold": row.episode.threshold}
    if facts.get("receipts") is not None:
        facts["receipts"] = _receipts(facts["receipts"], facts.get("receipts_due") or 0, lang)
    if "invariant" in facts:
        facts["invariant"] = words(lang)(f"invariant.{facts['invariant']}")
        worst = facts.get("worst")
        if worst:
            pair = worst[0]
            facts["key"] = key_of(pair)
            facts["expected"], facts["found"] = pair["expected"], pair["found"]
    return facts


_KEYS = ("log_partition", "warehouse", "document", "sku", "from", "to", "figure")


def key_of(pair: dict[str, Any]) -> str:
    """Return the key of a difference as people read it."""
    return " / ".join(str(pair[name]) for name in _KEYS if name in pair)


@cache
def _receipts(count: int, due: int, lang: str) -> str:
    say = words(lang)
    if count == 0:
        return say("alert.receipts_none")
    if count == 1:
        return say("alert.receipt_due" if due else "alert.receipt_undue")
    if due == 0:
        return say("alert.receipts_undue", receipts=count)
    return say("alert.receipts_due", receipts=count, due=due)


def _events(events: Sequence[str], lang: str) -> str:
    named = ", ".join(events[: NAMED - 1])
    more = len(events) - NAMED + 1
    return words(lang)("alert.events", first=named, more=more) if more > 0 else named
