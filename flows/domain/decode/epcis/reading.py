"""What one EPCIS event means for stock: a valid event → canonical events.

Enters: an event that the schema has passed, and its path in the document. Leaves: one movement or
count per SKU, lot and unit; an observation for what moves nothing or cannot be counted; of an
event that is declared an error, a cancel of each of them. Raises `Refused` for what the canonical
contract cannot hold (a quantity with five digits after the point).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from flows.domain import events as ev
from flows.domain.decode import canonical
from flows.domain.decode.epcis import words
from flows.domain.decode.epcis.goods import Goods, goods, skus, summed
from flows.domain.decode.epcis.identity import body, hashed, instant
from flows.domain.decode.epcis.keys import ID_LENGTH, TEXT_LENGTH, shortened
from flows.domain.decode.epcis.lots import Lot, lot_of
from flows.domain.decode.epcis.movements import MAKERS, inbound, scrap
from flows.domain.decode.epcis.told import Told, told_by
from flows.domain.decode.refusal import Refused
from flows.domain.rejects import Reject

NOWHERE = "-"
"""The warehouse of a cancel whose event names no place."""

_LISTS = {
    "ObjectEvent": ("epcList", "quantityList"),
    "TransactionEvent": ("epcList", "quantityList"),
    "AggregationEvent": ("childEPCs", "childQuantityList"),
    "AssociationEvent": ("childEPCs", "childQuantityList"),
}
_INPUTS = ("inputEPCList", "inputQuantityList")
_OUTPUTS = ("outputEPCList", "outputQuantityList")
_NO_LOT = Lot(None, None, None)
_PREFIX = 12


def read(event: dict[str, Any], path: str) -> list[ev.AnyEvent]:
    """Return the canonical events of one EPCIS event, ids in an order that lists do not change."""
    told = told_by(event, path)
    found = [*_meaning(told)]
    for number, one in enumerate(found, 1):
        one.event_id = f"{told.base}/{number}"
    if event.get("errorDeclaration"):
        found = [*_cancels(told, found)]
    return [_legal(one, told) for one in found]


def _meaning(told: Told) -> Iterator[ev.AnyEvent]:
    """Give the events without ids: what can be counted, then one observation if anything else."""
    if told.kind == "TransformationEvent":
        yield from _transformed(told)
        return
    if told.kind not in _LISTS:
        yield _observation(told, words.UNKNOWN_STEP, None)
        return
    found = goods(told.event, *_LISTS[told.kind], told.path)
    effect = _effect(told)
    why = _why_not(told, found, effect)
    if why or told.place is None or effect is None:
        yield _observation(told, why, found)
        return
    lot = lot_of(told.event.get("ilmd"))
    make = MAKERS[effect]
    for cell, quantity in summed(found.lines, lot.number, counted=effect == words.COUNT):
        yield make(told, told.place, cell, quantity, lot)
    if found.rest:
        yield _observation(told, found.rest, found)


def _effect(told: Told) -> str | None:
    """Return what the step does in an event of this type and action."""
    effect, action = words.EFFECTS.get(told.step or ""), told.event.get("action")
    needed = {words.MADE: "ADD", words.GONE: "DELETE"}.get(effect or "")
    if needed:
        return effect if told.kind == "ObjectEvent" and action == needed else None
    if told.kind == "TransactionEvent" and action == "DELETE":
        return None
    return effect


def _why_not(told: Told, found: Goods, effect: str | None) -> str | None:
    """Return the word for why the event moves nothing, None if it does."""
    step = told.step or ""
    if not found.named and step != "void_shipping":
        return words.NO_ITEMS
    if effect is None:
        known = words.NO_EFFECT if step in words.EFFECTS else words.UNKNOWN_STEP
        return words.WHY.get(step, known)
    if not found.lines:
        return found.rest or words.NO_ITEMS
    return None if told.place else words.NO_PLACE


def _transformed(told: Told) -> Iterator[ev.AnyEvent]:
    """Give the inputs as scrapped and the outputs as come in, of one document."""
    used = goods(told.event, *_INPUTS, told.path)
    made = goods(told.event, *_OUTPUTS, told.path)
    both = Goods([*used.lines, *made.lines], named=True, rest=used.rest or made.rest)
    if not both.lines or told.place is None:
        why = words.NO_PLACE if both.lines else both.rest or words.NO_ITEMS
        yield _observation(told, why, both)
        return
    known = told.event.get("transformationID") or told.event.get("eventID") or told.base
    shared = {"document": shortened(known, TEXT_LENGTH), "reason": "transformation"}
    for cell, quantity in summed(used.lines, None, counted=False):
        yield scrap(told, told.place, cell, quantity, _NO_LOT, **shared)
    lot = lot_of(told.event.get("ilmd"))
    for cell, quantity in summed(made.lines, lot.number, counted=False):
        yield inbound(told, told.place, cell, quantity, lot, **shared)
    if both.rest:
        yield _observation(told, both.rest, both)


def _observation(told: Told, why: str | None, found: Goods | None) -> ev.Observation:
    named = skus(found) if found else set()
    return ev.Observation(
        event_id="",
        occurred_at=told.at,
        recorded_at=told.recorded,
        warehouse=told.place.code if told.place else None,
        sku=next(iter(named)) if len(named) == 1 else None,
        step=shortened(told.step, TEXT_LENGTH) if told.step else None,
        why=why,
        document=told.document,
        body=body(told.form),
    )


def _cancels(told: Told, found: list[ev.AnyEvent]) -> Iterator[ev.AnyEvent]:
    """Give a cancel for each event of the original, which the declaration repeats."""
    declared = told.event["errorDeclaration"]
    at = instant(declared["declarationTime"], f"{told.path}errorDeclaration.declarationTime")
    reason = words.short(declared.get("reason"))
    declaration = hashlib.sha256(f"{at.isoformat()} {reason}".encode()).hexdigest()[:_PREFIX]
    for one in found:
        yield ev.Cancel(
            event_id=_cancel_id(one.event_id, declaration),
            occurred_at=at,
            recorded_at=told.recorded,
            warehouse=told.place.code if told.place else NOWHERE,
            cancels=one.event_id,
            reason=shortened(reason, TEXT_LENGTH) if reason else None,
        )


def _cancel_id(event_id: str, declaration: str) -> str:
    name = f"{event_id}/error-{declaration}"
    return name if len(name) <= ID_LENGTH else hashed(name.encode())


def _legal(event: ev.AnyEvent, told: Told) -> ev.AnyEvent:
    """Return the event in the normal form of the log, or refuse what the log cannot hold."""
    [found] = canonical.decode(canonical.encode(event))
    if not isinstance(found, Reject):
        return found
    field = (told.path + {"occurred_at": "eventTime"}.get(found.field, "")).rstrip(".")
    raise Refused(found.code, field, f"`{field or 'event'}` makes no event: {found.message}")
