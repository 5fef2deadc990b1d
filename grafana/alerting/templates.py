"""How messages read: `messages.tmpl` with its numbers and words filled in.

Every text is bounded by the number of alerts and the length of each. WeCom refuses markdown over
4,096 bytes; a template cannot count bytes, so it cuts texts by characters, of which one has at most
four bytes: `tests/grafana/test_alerting.py` adds it up. In `messages.tmpl` a number stands as
`«name»`, a word of the catalogue as `«zh:name»`.
"""

from __future__ import annotations

import re
from pathlib import Path

from grafana.alerting import house
from grafana.language import languages

MESSAGES = Path(__file__).with_name("messages.tmpl")
NUMBERS = {
    "firing": 6,  # alerts that a WeCom message shows; how many there are is said
    "shown_resolved": 2,
    "summary": 100,  # characters of a summary there
    "name": 30,  # characters of a name in a title
    "mail": 50,  # alerts that an e-mail shows
    "pda": 20,  # alerts that a message to PDAs shows
}


def text() -> str:
    """Return all templates as one text."""
    said = {say.lang[:2]: say for say in languages()}

    def filled(match: re.Match[str]) -> str:
        lang, _, name = match[1].rpartition(":")
        if lang:
            return said[lang](f"alerting.message.{name}")
        return house.TIMEZONE if name == "zone" else str(NUMBERS[name])

    return re.sub("«([^»]+)»", filled, MESSAGES.read_text(encoding="utf-8"))
