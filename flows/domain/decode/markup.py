"""XML of strangers: bytes in any encoding that they declare → elements, handed out one by one.

The one place that meets XML: a document type declaration ends the reading at once, so no entity is
ever expanded and nothing is fetched; depth is bounded. Raises `Refused` for what is not one XML
document.
"""

from __future__ import annotations

import re
from typing import Protocol
from xml.parsers import expat

from flows.domain.decode.refusal import Refused, shown

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


class Gatherer(Protocol):
    """Takes a document's elements as the parser meets them; may raise `Refused`."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element; `name` is "namespace local" where it has one."""

    def text(self, text: str) -> None:
        """Take a piece of the open element's text."""

    def end(self, name: str) -> None:
        """Take the end of the open element."""


def looks_xml(value: bytes) -> bool:
    """Tell whether the first sign of a message is that of XML, in any of its encodings."""
    head = value[:64]
    for mark, _ in _BOMS:
        head = head.removeprefix(mark)
    return head.lstrip(b" \t\r\n\0").startswith(b"<")


def read(value: bytes, gatherer: Gatherer, *, depth: int) -> None:
    """Hand out the elements of one XML document, at most `depth` of them open at a time."""
    opened = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal opened
        opened += 1
        if opened > depth:
            raise unreadable(f"The XML is nested deeper than {depth} levels")
        gatherer.start(name, attributes)

    def end(name: str) -> None:
        nonlocal opened
        opened -= 1
        gatherer.end(name)

    parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = gatherer.text
    try:
        parser.Parse(_text(value).encode(), True)  # noqa: FBT003 — expat takes no keywords
    except expat.ExpatError as reason:
        raise unreadable(f"The message is not one XML document: {reason}") from None


def qualified(name: str) -> tuple[str, str]:
    """Return namespace and local name of a name as a Gatherer gets it."""
    space, _, local = name.rpartition(" ")
    return space, local


def unreadable(sentence: str) -> Refused:
    """Return the refusal of bytes that cannot be read."""
    return Refused("not_json", "", f"{sentence}.")


def _text(value: bytes) -> str:
    codec = _codec(value)
    try:
        return value.decode(codec).removeprefix("\ufeff")
    except UnicodeDecodeError as reason:
        place = f"a text is broken at byte {reason.start}"
        raise unreadable(f"The message is not in {codec} as its XML says: {place}") from None


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
        raise unreadable(sentence)
    return known


def _doctype(*_: object) -> None:
    raise unreadable("The XML declares a document type (DTD), which is refused unread")
