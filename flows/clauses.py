"""Sentences of which parts are left out: templates of the catalogue, made ready once.

`{name}` is a value, `{name:how}` one shown in a way of its own (flows/amounts.py). A part in
[brackets] is left out when one of its values is unknown or says nothing; of alternatives with |
between them the first that is known is said. Enters: a template and its language, then values by
name. Leaves: the sentence; an unknown value outside of brackets is a dash. A mistake in a template
raises ValueError or KeyError when it is made ready.

Which values are known decides what is said: for each such pattern the sentence is put together
once, so that tens of thousands of alerts of one batch are told in a second.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import TYPE_CHECKING, Any

from flows.amounts import DATED, shown_as

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UNKNOWN = "–"
_PARTS = re.compile(r"\[([^\[\]]*)\]")
Field = tuple[str, str | None, str | None]
"""The text before a value, the value's name, how it is shown; without a value, only text."""


class Template:
    """A sentence with its optional parts; `template(values, year)` is the sentence."""

    def __init__(self, text: str, lang: str) -> None:
        """Take the template apart."""
        pieces = _PARTS.split(text)
        if any("[" in piece or "]" in piece for piece in pieces):
            message = f"brackets do not match in {text!r}"
            raise ValueError(message)
        self._parts = [
            [list(_fields(one)) for one in (piece.split("|") if number % 2 else [piece])]
            for number, piece in enumerate(pieces)
        ]
        fields = [field for part in self._parts for one in part for field in one]
        self._shows = [
            (name, shown_as(name, how, lang), (how or name) in DATED)
            for _, name, how in fields
            if name is not None
        ]
        self._sentences: dict[tuple[bool, ...], str] = {}

    def __call__(self, values: Mapping[str, Any], year: int) -> str:
        """Return the sentence; days of other years than `year` are said with theirs."""
        texts = []
        for name, show, dated in self._shows:
            value = values.get(name)
            if value is not None:
                value = show(value, year) if dated else show(value)
            texts.append(value)
        known = tuple([text is not None for text in texts])
        sentence = self._sentences.get(known)
        if sentence is None:
            sentence = self._sentences[known] = self._sentence(known)
        return sentence % tuple(texts)

    def _sentence(self, known: tuple[bool, ...]) -> str:
        """Return the sentence with %s for what is said and %.0s, which is nothing, for the rest."""
        said = iter(known)
        sentence = ""
        for number, part in enumerate(self._parts):
            optional, found = number % 2 == 1, False
            for fields in part:
                here = [name is None or next(said) for _, name, _ in fields]
                chosen = not optional or (all(here) and not found)
                found = found or chosen
                for (before, name, _), is_known in zip(fields, here, strict=True):
                    if chosen:
                        sentence += before.replace("%", "%%") + ("" if is_known else UNKNOWN)
                    if name is not None:
                        sentence += "%s" if chosen and is_known else "%.0s"
        return sentence


def _fields(text: str) -> Iterator[Field]:
    for before, name, how, conversion in Formatter().parse(text):
        if conversion:
            message = f"{name}!{conversion}: values are shown by a name after a colon"
            raise ValueError(message)
        yield before, name, how or None
