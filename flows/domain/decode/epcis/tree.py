"""XML → a tree of elements: bytes in any encoding that expat knows; no DTD, no entities.

Raises `Refused` for what is not one XML document, declares a document type, or is nested deeper
than 100 levels.
"""

from __future__ import annotations

from typing import Final
from xml.parsers import expat

from msgspec import Struct

from flows.domain.decode.refusal import Refused

DEPTH: Final = 100


class Element(Struct):
    """One element: names are local ones, `space` is the namespace or empty."""

    space: str
    name: str
    attributes: dict[str, str]
    children: list[Element]
    text: str = ""

    def first(self, name: str) -> Element | None:
        """Return the first child of a name."""
        return next((child for child in self.children if child.name == name), None)


def tree(text: bytes) -> Element:
    """Return the root element of an XML document."""
    growing = _Growing()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _doctype
    parser.StartElementHandler = growing.start
    parser.EndElementHandler = growing.end
    parser.CharacterDataHandler = growing.add
    try:
        parser.Parse(text, True)  # noqa: FBT003 — expat takes no keywords
    except (expat.ExpatError, LookupError, ValueError) as reason:
        raise _unreadable(f"is not one XML document: {reason}.") from None
    return growing.roots[0]


def qualified(name: str) -> tuple[str, str]:
    """Return namespace and local name of a name as the parser gives it."""
    space, _, local = name.rpartition(" ")
    return space, local


class _Growing:
    """The tree while the parser meets its elements."""

    def __init__(self) -> None:
        self.roots: list[Element] = []
        self._open: list[Element] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= DEPTH:
            raise _unreadable(f"is nested deeper than {DEPTH} levels.")
        space, local = qualified(name)
        element = Element(space, local, attributes, [])
        (self._open[-1].children if self._open else self.roots).append(element)
        self._open.append(element)

    def add(self, text: str) -> None:
        self._open[-1].text += text

    def end(self, _name: str) -> None:
        element = self._open.pop()
        element.text = element.text.strip()


def _doctype(*_declared: object) -> None:
    raise _unreadable("declares a document type, which EPCIS does not have.")


def _unreadable(why: str) -> Refused:
    return Refused("not_json", "", f"The XML {why}")
