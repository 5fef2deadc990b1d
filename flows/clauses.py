"""Sentences of which parts are left out: templates of the catalogue, made ready once.

`{name}` is a value, `{name:how}` one shown in a way of its own. A part in [brackets] is left out
when one of its values is unknown or says nothing; of alternatives with | between them the first
that is known is said. Enters: a template and its language, then values by name. Leaves: the
sentence; an unknown value outside of brackets is a dash. A mistake in a template raises ValueError
or KeyError when it is made ready.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import TYPE_CHECKING, Any

from flows.amounts import shown_as

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Values = Mapping[str, Any]
    Part = Callable[[Values, int], str | None]

UNKNOWN = "–"
_PIECES = re.compile(r"\[([^\[\]]*)\]")


class Template:
    """A sentence with its optional parts; `template(values, year)` is the sentence."""

    def __init__(self, text: str, lang: str) -> None:
        """Take the template apart."""
        pieces = _PIECES.split(text)
        if any("[" in piece or "]" in piece for piece in pieces):
            message = f"brackets do not match in {text!r}"
            raise ValueError(message)
        self._parts: list[Part] = []
        for number, piece in enumerate(pieces):
            if number % 2:
                self._parts.append(_first([_whole(one, lang) for one in piece.split("|")]))
            else:
                self._parts += _fields(piece, lang, UNKNOWN)

    def __call__(self, values: Values, year: int) -> str:
        """Return the sentence; days of other years than `year` are said with theirs."""
        return "".join([part(values, year) or "" for part in self._parts])


def _fields(text: str, lang: str, otherwise: str | None = None) -> list[Part]:
    """Return what gives each value with the text before it; `otherwise` where it is unknown."""
    return [
        _field(before, name, how, lang, otherwise)
        for before, name, how, _ in Formatter().parse(text)
    ]


def _field(
    before: str, name: str | None, how: str | None, lang: str, otherwise: str | None
) -> Part:
    if name is None:
        return lambda _values, _year: before
    show = shown_as(name, how, lang)
    unknown = None if otherwise is None else before + otherwise

    def say(values: Values, year: int) -> str | None:
        value = values.get(name)
        text = None if value is None else show(value, year)
        return unknown if text is None else before + text

    return say


def _whole(text: str, lang: str) -> Part:
    """Return what says all of it, or nothing."""
    parts = _fields(text, lang)
    if len(parts) == 1:
        return parts[0]

    def say(values: Values, year: int) -> str | None:
        said = []
        for part in parts:
            text = part(values, year)
            if text is None:
                return None
            said.append(text)
        return "".join(said)

    return say


def _first(parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]

    def say(values: Values, year: int) -> str | None:
        for part in parts:
            text = part(values, year)
            if text is not None:
                return text
        return None

    return say
