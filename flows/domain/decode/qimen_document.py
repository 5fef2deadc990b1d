"""Bytes of a Qimen message → the `request` in it, as nested dicts, whether it is XML or JSON.

Enters: the value of a message. Leaves: a dict of texts, dicts and lists (XML: an element with
children is a dict, a repeated one a list, any other a text without the blanks around it; JSON: what
it says, numbers exact), or `Refused`. JSON may be wrapped in {"request": …} or bare; `method`
beside the wrapper is kept.

Attributes and namespaces of XML are ignored.
"""

from __future__ import annotations

from typing import Any

from flows.domain.decode import markup, reread
from flows.domain.decode.markup import looks_xml
from flows.domain.decode.refusal import Refused, shown

ROOT = "request"
DEPTH = 30
_MARK = b"\xef\xbb\xbf"


def document(value: bytes) -> dict[str, Any]:
    """Return the request in `value`; raise `Refused` for what is neither XML nor JSON of Qimen."""
    return _xml(value) if looks_xml(value) else _json(value)


def _json(value: bytes) -> dict[str, Any]:
    found = reread.document(value.removeprefix(_MARK))
    if ROOT not in found:
        return found
    request = found[ROOT]
    if not isinstance(request, dict):
        sentence = f"`{ROOT}` must be an object, but it is {shown(request)}."
        raise Refused("wrong_type", ROOT, sentence)
    return {"method": found["method"], **request} if "method" in found else request


def _xml(value: bytes) -> dict[str, Any]:
    tree = _Tree()
    markup.read(value, tree, depth=DEPTH)
    return tree.request


class _Tree:
    """Gathers a document's elements while the parser meets them."""

    def __init__(self) -> None:
        self.request: dict[str, Any] = {}
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        name = markup.qualified(name)[1]
        if not self._open and name != ROOT:
            sentence = f"The XML's root must be <{ROOT}>, but it is {shown(f'<{name}>')}."
            raise Refused("unknown_format", "", sentence)
        self._open.append((name, {}, []))

    def text(self, text: str) -> None:
        self._open[-1][2].append(text)

    def end(self, _name: str) -> None:
        name, children, texts = self._open.pop()
        value: Any = children or "".join(texts).strip()
        if not self._open:
            self.request = children
            return
        siblings = self._open[-1][1]
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]
