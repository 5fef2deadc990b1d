"""Bytes of a Qimen message → the `request` in it, as nested dicts, whether it is XML or JSON.

Enters: the value of a message. Leaves: a dict of texts, dicts and lists (XML: an element with
children is a dict, a repeated one a list, any other a text without the blanks around it; JSON: what
it says, numbers exact), or `Refused`. JSON may be wrapped in {"request": …} or bare; `method`
beside the wrapper is kept.

XML is read in the encoding that it declares. A document type declaration ends the reading at once:
no entity is ever expanded, nothing is fetched. Attributes are ignored.
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

from flows.domain.decode import reread
from flows.domain.decode.refusal import Refused, shown

ROOT = "request"
DEPTH = 30
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_WIDE = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARED = re.compile(
    rb"""^\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']"""
)
# gb18030 is the superset of both: what calls itself gb2312 is often gbk
_CODECS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("gbk", "gb2312", "gb18030", "cp936"), "gb18030"),
    **dict.fromkeys(("utf-16", "utf16", "utf-16le", "utf-16be"), "utf-16"),
    "big5": "big5",
    "iso-8859-1": "iso-8859-1",
}


def looks_xml(value: bytes) -> bool:
    """Tell whether the first sign of a message is that of XML, in any of its encodings."""
    head = value[:64]
    for mark, _ in _BOMS:
        head = head.removeprefix(mark)
    return head.lstrip(b" \t\r\n\0").startswith(b"<")


def document(value: bytes) -> dict[str, Any]:
    """Return the request in `value`; raise `Refused` for what is neither XML nor JSON of Qimen."""
    return _xml(value) if looks_xml(value) else _json(value)


def _json(value: bytes) -> dict[str, Any]:
    found = reread.document(value.removeprefix(_BOMS[0][0]))
    if ROOT not in found:
        return found
    request = found[ROOT]
    if not isinstance(request, dict):
        sentence = f"`{ROOT}` must be an object, but it is {shown(request)}."
        raise Refused("wrong_type", ROOT, sentence)
    return {"method": found["method"], **request} if "method" in found else request


def _xml(value: bytes) -> dict[str, Any]:
    tree = _Tree()
    parser = expat.ParserCreate("UTF-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _doctype
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.text
    try:
        parser.Parse(_text(value).encode(), True)  # noqa: FBT003 — expat takes no keywords
    except expat.ExpatError as reason:
        raise _unreadable(f"The message is not one XML document: {reason}") from None
    return tree.request


def _text(value: bytes) -> str:
    codec = _codec(value)
    try:
        return value.decode(codec).removeprefix("\ufeff")
    except UnicodeDecodeError as reason:
        place = f"a text is broken at byte {reason.start}"
        raise _unreadable(f"The message is not in {codec} as its XML says: {place}") from None


def _codec(value: bytes) -> str:
    """Return the codec that the first bytes, else the XML declaration, tell."""
    for mark, codec in (*_BOMS, *_WIDE):
        if value.startswith(mark):
            return codec
    declared = _DECLARED.match(value)
    if declared is None:
        return "utf-8"
    name = declared[1].decode("ascii")
    known = _CODECS.get(name.lower())
    if known is None or known == "utf-16":  # UTF-16 without its marks is something else
        sentence = f"The XML's encoding {shown(name)} cannot be read; send UTF-8, GBK or GB18030"
        raise _unreadable(sentence)
    return known


class _Tree:
    """Gathers a document's elements while the parser meets them."""

    def __init__(self) -> None:
        self.request: dict[str, Any] = {}
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if not self._open and name != ROOT:
            sentence = f"The XML's root must be <{ROOT}>, but it is {shown(f'<{name}>')}."
            raise Refused("unknown_format", "", sentence)
        if len(self._open) >= DEPTH:
            raise _unreadable(f"The XML is nested deeper than {DEPTH} levels")
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


def _doctype(*_: object) -> None:
    raise _unreadable("The XML declares a document type (DTD), which is refused unread")


def _unreadable(sentence: str) -> Refused:
    return Refused("not_json", "", f"{sentence}.")
