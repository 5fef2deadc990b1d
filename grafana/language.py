"""What a board says: words of one language, and its SQL in that language.

The boards' part of the catalogue is `grafana/words/*.toml`, in the form of `flows/words.toml`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from flows.words import Words, read

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = Path(__file__).with_name("words")
LANGUAGES = {"en": "", "zh-CN": "-zh"}
"""Language → what the uids of its boards end with."""
_LANG = re.compile(r"(?<=_):lang\b")


@dataclass(frozen=True)
class Say:
    """One language: `say(id)` is the text; `say.sql(text)` reads columns `…_:lang` of it."""

    lang: str
    words: Words

    def __call__(self, sentence: str, /, **values: object) -> str:
        """Return a text of the catalogue with its placeholders filled."""
        return self.words(sentence, **values)

    def get(self, sentence: str, otherwise: str = "") -> str:
        """Return a text, or `otherwise` when the catalogue does not know the id."""
        return self.words.get(sentence, otherwise)

    def family(self, name: str) -> dict[str, str]:
        """Return last word of the id → text, of all ids `name.…`, in the catalogue's order."""
        start = f"{name}."
        return {
            key.removeprefix(start): text
            for key, text in self.words.sentences.items()
            if key.startswith(start) and "." not in key.removeprefix(start)
        }

    def sql(self, text: str) -> str:
        """Return SQL in which `name_:lang` is `name_en` or `name_zh`, without its indentation."""
        lines = _LANG.sub(self.lang[:2], text).strip("\n").splitlines()
        indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
        cut = min(indents, default=0)
        return "\n".join(line[cut:].rstrip() for line in lines).strip()

    def uid(self, board: str) -> str:
        """Return the uid of a board in this language."""
        return f"wl-{board.replace('_', '-')}{LANGUAGES[self.lang]}"

    @property
    def tag(self) -> str:
        """The tag by which boards of this language link to each other."""
        return f"waterline{LANGUAGES[self.lang]}"


@cache
def entries() -> dict[str, dict[str, str]]:
    """Return id → language → text of the boards' catalogue; an id stands in one file only."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(WORDS.glob("*.toml")):
        for name, entry in read(file).items():
            if name in found:
                raise ValueError(f"{file.name}: {name} is already in another file")
            found[name] = entry
    return found


def languages() -> Iterator[Say]:
    """Yield each language."""
    for lang in LANGUAGES:
        yield Say(lang, Words(lang, {name: entry[lang] for name, entry in entries().items()}))
