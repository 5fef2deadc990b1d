"""GS1 identifiers: an EPC URN or a Digital Link → what stock calls it.

Enters: a URI. Leaves: an `Item` (GTIN-14 with its check digit, lot, serial), a `Place` (GLN-13
with its check digit, extension) or None if the URI identifies something else (a logistic unit, an
asset, a private scheme). URN and link of the same thing give the same answer: the check digit is
always computed, as a URN has none. Nothing is raised.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple
from urllib.parse import unquote

ID_LENGTH = 100
TEXT_LENGTH = 200
_DIGEST = 32

_TRADE = re.compile(
    r"urn:epc:(id:sgtin|id:upui|class:lgtin|idpat:sgtin):([0-9]{6,12})\.([0-9]{1,7})\.(.+)",
    re.DOTALL | re.IGNORECASE,
)
_SITE = re.compile(r"urn:epc:id:sgln:([0-9]{6,12})\.([0-9]{0,6})\.(.+)", re.DOTALL | re.IGNORECASE)
_PARTY = re.compile(r"urn:epc:id:pgln:([0-9]{6,12})\.([0-9]{0,6})", re.IGNORECASE)
_TRANSACTION = re.compile(r"urn:epcglobal:cbv:bt:[^:]+:(.+)", re.DOTALL | re.IGNORECASE)
_GTIN = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_GLN = re.compile(r"[0-9]{13}")
_WEB = re.compile(r"https?://", re.IGNORECASE)

_ITEM_KEYS = ("01", "gtin")
_LOT_KEYS = ("10", "lot")
_SERIAL_KEYS = ("21", "ser", "235")
_ITEM_QUALIFIERS = frozenset({*_LOT_KEYS, *_SERIAL_KEYS, "22", "cpv"})
_PLACE_KEYS = ("414", "gln", "417", "partyGln")
_EXTENSION_KEYS = frozenset({"254", "glnx"})


class Item(NamedTuple):
    """A trade item: GTIN-14, lot if the identifier names one, serial if it names an instance."""

    sku: str
    lot: str | None
    serial: str | None


class Place(NamedTuple):
    """A warehouse's code and the bin in it."""

    code: str
    bin: str | None


def item(uri: str) -> Item | None:
    """Return the trade item that a URN or a Digital Link identifies."""
    found = _TRADE.fullmatch(uri)
    if found is None:
        return _linked_item(uri)
    scheme, prefix, reference, last = found.groups()
    if len(prefix) + len(reference) != 13:  # noqa: PLR2004 — a GTIN-14 without its check digit
        return None
    sku = _checked(reference[0] + prefix + reference[1:])
    scheme = scheme.lower()
    if scheme.startswith("idpat"):
        return Item(sku, None, None) if last == "*" else None
    text = _decoded(last)
    return Item(sku, text, None) if scheme == "class:lgtin" else Item(sku, None, text)


def place(uri: str) -> Place | None:
    """Return the place of a URI: by its GLN, a private one by its text; None of coordinates."""
    found = _site(uri)
    if found is not None:
        return found
    if uri.lower().startswith("geo:") or not uri.strip():
        return None
    return Place(shortened(uri, ID_LENGTH), None)


def location(uri: str) -> str | None:
    """Return the GLN of a source or destination, None if it has none."""
    found = _site(uri)
    return found.code if found else None


def plain(uri: str) -> str:
    """Return one text for an item or a place, whether URN or link; another URI as it is."""
    found = item(uri)
    if found is not None:
        return f"01/{found.sku}/10/{found.lot or ''}/21/{found.serial or ''}"
    where = _site(uri)
    return uri if where is None else f"414/{where.code}/254/{where.bin or '0'}"


def document(uri: str) -> str:
    """Return a business transaction's number: without its scheme and party if they are GS1's."""
    found = _TRANSACTION.fullmatch(uri)
    return shortened(_decoded(found[1]) if found else uri, TEXT_LENGTH)


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` characters; of a longer one, its beginning and a hash."""
    if len(text) <= most:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{text[: most - _DIGEST - 1]}~{digest}"


def _site(uri: str) -> Place | None:
    found = _SITE.fullmatch(uri) or _PARTY.fullmatch(uri)
    if found is None:
        return _linked_place(uri)
    prefix, reference, *extension = found.groups()
    if len(prefix) + len(reference) != 12:  # noqa: PLR2004 — a GLN-13 without its check digit
        return None
    return Place(_checked(prefix + reference), _extension(extension[0] if extension else "0"))


def _extension(text: str) -> str | None:
    plain = _decoded(text)
    return None if plain == "0" else shortened(plain, TEXT_LENGTH)


def _linked_item(uri: str) -> Item | None:
    parts = _path(uri)
    for start in range(len(parts) - 2, -1, -1):
        if parts[start] not in _ITEM_KEYS or not _GTIN.fullmatch(parts[start + 1]):
            continue
        named = _pairs(parts[start + 2 :])
        if named is None or not named.keys() <= _ITEM_QUALIFIERS:
            continue
        sku = _checked(parts[start + 1].zfill(14)[:-1])
        return Item(sku, _first(named, _LOT_KEYS), _first(named, _SERIAL_KEYS))
    return None


def _linked_place(uri: str) -> Place | None:
    parts = _path(uri)
    for start in range(len(parts) - 2, -1, -1):
        if parts[start] not in _PLACE_KEYS or not _GLN.fullmatch(parts[start + 1]):
            continue
        named = _pairs(parts[start + 2 :])
        if named is None or not named.keys() <= _EXTENSION_KEYS:
            continue
        extension = next(iter(named.values()), "0")
        return Place(_checked(parts[start + 1][:-1]), _extension(extension))
    return None


def _path(uri: str) -> list[str]:
    if not _WEB.match(uri):
        return []
    parts = uri.split("?", 1)[0].split("#", 1)[0].split("/")[3:]
    return parts[:-1] if parts and not parts[-1] else parts


def _pairs(parts: list[str]) -> dict[str, str] | None:
    if len(parts) % 2:
        return None
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _first(named: dict[str, str], keys: tuple[str, ...]) -> str | None:
    return next((_decoded(named[key]) for key in keys if named.get(key)), None)


def _decoded(text: str) -> str:
    """Return the text without percent-encoding; as it is, if that is not UTF-8."""
    try:
        return shortened(unquote(text, errors="strict"), TEXT_LENGTH)
    except UnicodeDecodeError:
        return shortened(text, TEXT_LENGTH)


def _checked(digits: str) -> str:
    """Return the digits followed by GS1's check digit."""
    weighted = sum(
        int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits))
    )
    return f"{digits}{-weighted % 10}"
