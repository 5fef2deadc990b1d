"""What one EPCIS event says, in the words of stock: a valid event → `Told`.

Enters: an event that the schema has passed, and its path in the document (ending in a point, or
empty). Raises `Refused` for a time that is none.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from flows.domain.decode.epcis import words
from flows.domain.decode.epcis.identity import base_id, instant, normal
from flows.domain.decode.epcis.keys import Place, document, location, place


class Told(Struct, frozen=True):
    """`form` is the event's normal form, `base` what the ids of its canonical events begin with."""

    event: dict[str, Any]
    form: dict[str, Any]
    path: str
    base: str
    at: datetime
    recorded: datetime | None
    kind: str
    step: str | None
    status: str | None
    place: Place | None
    document: str | None


def told_by(event: dict[str, Any], path: str) -> Told:
    """Return what an event says; its place is bizLocation, else readPoint."""
    form = normal(event)
    recorded = event.get("recordTime")
    where = (named_place(event, name) for name in ("bizLocation", "readPoint"))
    return Told(
        event=event,
        form=form,
        path=path,
        base=base_id(event, form),
        at=instant(event["eventTime"], f"{path}eventTime"),
        recorded=instant(recorded, f"{path}recordTime") if recorded else None,
        kind=event["type"],
        step=words.short(event.get("bizStep")),
        status=words.STATUSES.get(words.short(event.get("disposition")) or ""),
        place=next((found for found in where if found), None),
        document=_document(event),
    )


def named_place(event: dict[str, Any], name: str) -> Place | None:
    """Return the place in the field `name`."""
    named = event.get(name)
    return place(named["id"]) if isinstance(named, dict) and "id" in named else None


def counterpart(told: Told, list_of: str) -> str | None:
    """Return the other end of a transfer: both locations told, the goods not sold on the way.

    `list_of` is the list of the other end, `sourceList` or `destinationList`.
    """
    ends = {
        "sourceList": _parties(told.event, "sourceList", "source"),
        "destinationList": _parties(told.event, "destinationList", "destination"),
    }
    far = ends[list_of].get("location")
    owners = {end["owning_party"] for end in ends.values() if "owning_party" in end}
    if not all("location" in end for end in ends.values()) or len(owners) > 1:
        return None
    return far if told.place and far != told.place.code else None


def _parties(event: dict[str, Any], name: str, key: str) -> dict[str, str]:
    """Return the GLN by type (location, owning_party …) of a source or destination list."""
    found: dict[str, str] = {}
    for entry in event.get(name) or ():
        kind = words.short(entry["type"]) or ""
        code = location(entry[key]) or (entry[key] if kind == "owning_party" else None)
        if code is not None:
            found[kind] = min(code, found.get(kind, code))
    return found


def _document(event: dict[str, Any]) -> str | None:
    """Return the first business transaction by the order of `words.TRANSACTIONS`."""
    order = words.TRANSACTIONS
    ranked = []
    for entry in event.get("bizTransactionList") or ():
        kind = words.short(entry.get("type")) or ""
        rank = order.index(kind) if kind in order else len(order)
        ranked.append((rank, kind, document(entry["bizTransaction"])))
    return min(ranked)[2] if ranked else None
