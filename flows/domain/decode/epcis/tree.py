"""XML → a tree of elements. Raises `Refused` for what is not one XML document, see `markup`."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from flows.domain.decode import markup

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


def tree(value: bytes) -> Element:
    """Return the root element of an XML document."""
    growing = _Growing()
    markup.read(value, growing, depth=DEPTH)
    return growing.roots[0]


class _Growing:
    """The tree while the parser meets its elements."""

    def __init__(self) -> None:
        self.roots: list[Element] = []
        self._open: list[Element] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, local = markup.qualified(name)
        element = Element(space, local, attributes, [])
        (self._open[-1].children if self._open else self.roots).append(element)
        self._open.append(element)

    def text(self, text: str) -> None:
        self._open[-1].text += text

    def end(self, _name: str) -> None:
        element = self._open.pop()
        element.text = element.text.strip()
