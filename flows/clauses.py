"""Sentences of which parts are left out: templates of the catalogue, made ready once.

`{name}` is a value, `{name:how}` one shown in a way of its own (flows/amounts.py). A part in
[brackets] is left out when one of its values is unknown or says nothing; of alternatives with |
between them the first that is known is said. Enters: a template in each language, then values by
name. Leaves: the sentence in each language; an unknown value outside of brackets is a dash. A
mistake in a template raises ValueError or KeyError when it is made ready.

Tens of thousands of alerts of one batch are told in a second or so: each value is shown once for
all languages unless it is said differently in each, and which values are known decides what is
said, so that for each such pattern the sentences are put together once.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import TYPE_CHECKING, Any

from flows.amounts import DATED, shown_as

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

UNKNOWN = "–"
_PARTS = re.compile(r"\[([^\[\]]*)\]")
Field = tuple[str, int | None]
"""The text before a value and the value's place in the list of all; without a value, only text."""


class Template:
    """A sentence with its optional parts: `template(values, year)` is the sentence."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """Take the template apart; `texts` are by language."""
        self._shows: dict[Any, tuple[str, Any, bool]] = {}
        self._languages = [list(self._parts(text, lang)) for lang, text in texts.items()]
        self._values = list(self._shows.values())
        self._said: dict[tuple[bool, ...], list[str]] = {}

    def __call__(self, values: Mapping[str, Any], year: int) -> list[str]:
        """Return the sentence by language; days of other years than `year` are said with theirs."""
        texts = []
        for name, show, dated in self._values:
            value = values.get(name)
            if value is not None:
                value = show(value, year) if dated else show(value)
            texts.append(value)
        known = tuple([text is not None for text in texts])
        said = self._said.get(known)
        if said is None:
            said = self._said[known] = [_said(parts, known) for parts in self._languages]
        return [sentence.format(*texts) for sentence in said]

    def _parts(self, text: str, lang: str) -> Iterator[list[list[Field]]]:
        """Return the parts, each with its alternatives; every other one is optional."""
        pieces = _PARTS.split(text)
        if any("[" in piece or "]" in piece for piece in pieces):
            message = f"brackets do not match in {text!r}"
            raise ValueError(message)
        for number, piece in enumerate(pieces):
            alternatives = piece.split("|") if number % 2 else [piece]
            yield [list(self._fields(one, lang)) for one in alternatives]

    def _fields(self, text: str, lang: str) -> Iterator[Field]:
        for before, name, how, conversion in Formatter().parse(text):
            if conversion:
                message = f"{name}!{conversion}: a value is shown by a name after a colon"
                raise ValueError(message)
            yield before, None if name is None else self._place(name, how or None, lang)

    def _place(self, name: str, how: str | None, lang: str) -> int:
        """Return the place of a value among all; one for all languages where it is said alike."""
        show, alike = shown_as(name, how, lang)
        key = (name, how, "" if alike else lang)
        self._shows.setdefault(key, (name, show, (how or name) in DATED))
        return list(self._shows).index(key)


def _said(parts: Sequence[list[list[Field]]], known: Sequence[bool]) -> str:
    """Return the sentence as it is said when these values are known."""
    sentence = ""
    for number, alternatives in enumerate(parts):
        for fields in alternatives:
            if number % 2 and not all(place is None or known[place] for _, place in fields):
                continue
            for before, place in fields:
                sentence += before.replace("{", "{{").replace("}", "}}")
                if place is not None:
                    sentence += f"{{{place}}}" if known[place] else UNKNOWN
            break
    return sentence
