"""How a decoder says no, inside this package only.

`Refused` unwinds a decoder to its one public function, which turns it into a `Reject` value; no
caller outside ever sees it. `shown` makes a foreign value safe and short enough for a sentence.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import msgspec

from flows.domain.rejects import Reject

SHOWN_LENGTH = 60
ID_LENGTH = 100
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""What no text may hold: PostgreSQL has no NUL, and the writer marks NULL by such a character."""
_ID = re.compile(rb'"event_id"\s*:\s*"([^"\\\x00-\x1f]{1,100})"')


class Refused(Exception):  # noqa: N818 — a verdict, not a fault of the program
    """Unwinds to the decoder's public function; never leaves the package."""

    def __init__(self, code: str, field: str, sentence: str) -> None:
        """Keep the code, the JSON path and the sentence for the reject."""
        super().__init__(sentence)
        self.code = code
        self.field = field
        self.sentence = sentence

    def reject(self, event_id: str = "") -> Reject:
        """Return the refusal as a value."""
        return Reject(self.code, self.field, self.sentence, event_id)


class _Identified(msgspec.Struct):
    event_id: str


_IDENTIFIED = msgspec.json.Decoder(_Identified)


def event_id_in(value: bytes) -> str:
    """Return the `event_id` of a bad message, if it can be read; else an empty text."""
    try:
        found = _IDENTIFIED.decode(value).event_id
    except (ValueError, RecursionError):
        match = _ID.search(value)
        found = match[1].decode("utf-8", "replace") if match else ""
    return CONTROL.sub("\ufffd", found[:ID_LENGTH])


def shown(value: Any) -> str:
    r"""Return a value as JSON of at most 60 characters: NUL as \u0000, no line breaks."""
    try:
        text = _written(value)
    except (ValueError, TypeError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= SHOWN_LENGTH else text[: SHOWN_LENGTH - 1] + "…"


def _written(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, str):
        value = value[: SHOWN_LENGTH + 1]
    return msgspec.json.encode(value).decode()


def missing(field: str) -> Refused:
    """Return the refusal of an absent, null or empty field."""
    return Refused("missing_field", field, f"`{field}` is needed, but it is absent or empty.")


def not_json(reason: Exception) -> Refused:
    """Return the refusal of bytes that are no JSON document, with the parser's reason."""
    if isinstance(reason, RecursionError):
        return Refused("not_json", "", "The message is nested too deeply to be read.")
    if isinstance(reason, UnicodeDecodeError):
        place = f"byte {reason.start}"
        return Refused("not_json", "", f"The message is not UTF-8: a text is broken at {place}.")
    return Refused("not_json", "", f"The message is not one JSON document: {shown(str(reason))}.")


def nul(field: str, value: str) -> Refused:
    """Return the refusal of a text with a NUL or another control character."""
    return Refused("bad_text", field, f"`{field}` holds a control character: {shown(value)}.")
