"""CBV words: in whatever spelling they come, and what each business step means for stock.

`short` takes the short name, the URN, the web URI or the CURIE of a word of the Core Business
Vocabulary and returns the short name; any other text as it is.
"""

from __future__ import annotations

import re
from typing import Final

_WORD = re.compile(
    r"(?:urn:epcglobal:cbv:(?:bizstep|disp|btt|sdt|er):"
    r"|(?:https?://(?:ref|ns)\.gs1\.org/cbv/|cbv:)(?:BizStep|Disp|BTT|SDT|ER)-)(\w+)",
    re.IGNORECASE,
)

IN: Final = "in"
OUT: Final = "out"
MADE: Final = "made"
GONE: Final = "gone"
COUNT: Final = "count"

EFFECTS: Final = {
    "receiving": IN,
    "shipping": OUT,
    "consigning": OUT,
    "retail_selling": OUT,
    "dispensing": OUT,
    "commissioning": MADE,
    "creating_class_instance": MADE,
    "destroying": GONE,
    "decommissioning": GONE,
    "stock_taking": COUNT,
    "cycle_counting": COUNT,
}
"""What a step does to stock. `consigning` is CBV's one word for the whole of shipping."""

LEAVING: Final = ("shipping", "consigning")
"""Steps of OUT that may be a transfer."""

UNKNOWN_STEP: Final = "unknown_step"
NO_EFFECT: Final = "no_stock_effect"
NO_ITEMS: Final = "no_items"
NO_QUANTITY: Final = "no_quantity"
NO_PLACE: Final = "no_place"
MASTER_DATA: Final = "master_data"

_RECEIVED = "counted_at_receiving"
_SHIPPED = "counted_at_shipping"
_NONE = """assembling collecting disassembling encoding entering_exiting holding inspecting
 installing killing other packing removing repackaging repairing replacing reserving stocking
 storing transporting unpacking sensor_reporting sampling"""

WHY: Final = {
    "arriving": _RECEIVED,
    "accepting": _RECEIVED,
    "unloading": _RECEIVED,
    "departing": _SHIPPED,
    "loading": _SHIPPED,
    "picking": _SHIPPED,
    "staging_outbound": _SHIPPED,
    "void_shipping": "void",
    **dict.fromkeys(_NONE.split(), NO_EFFECT),
}
"""Steps that move no stock, each with the word for why."""

STATUSES: Final = {
    "damaged": "damaged",
    "returned": "returned",
    **dict.fromkeys(
        (
            *("recalled", "expired", "non_sellable_other", "needs_replacement"),
            *("non_conformant", "no_pedigree_match", "unavailable"),
        ),
        "hold",
    ),
}
"""The stock status of a disposition; any other is sellable."""

TRANSACTIONS: Final = ("po", "desadv", "inv", "bol", "recadv", "rma", "prodorder")
"""Which business transaction is the document, the first first."""


def short(word: object) -> str | None:
    """Return the short name of a CBV word, another text as it is, None of what is no text."""
    if not isinstance(word, str):
        return None
    found = _WORD.fullmatch(word)
    return found[1].lower() if found else word
