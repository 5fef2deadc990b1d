"""What people read, in English and in Chinese, from one catalogue (`words.toml`).

Enters: a language and the id of a sentence, with the values of its placeholders.
Leaves: the sentence. An unknown id or a missing value is a mistake of ours and raises KeyError;
`tests/e2e/test_words.py` finds those before anybody reads them.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CATALOGUE = Path(__file__).with_name("words.toml")


@dataclass(frozen=True)
class Words:
    """One language: `say(id, name=value)` is the sentence."""

    lang: str
    sentences: Mapping[str, str]

    def __call__(self, sentence: str, /, **values: object) -> str:
        """Return the sentence with its placeholders filled."""
        return self.sentences[sentence].format(**values)

    def get(self, sentence: str, otherwise: str) -> str:
        """Return the sentence, or `otherwise` when the catalogue does not know the id."""
        return self.sentences.get(sentence, otherwise)


@cache
def words(lang: str) -> Words:
    """Return the words of one language, `en` or `zh-CN`."""
    return Words(lang, {name: entry[lang] for name, entry in entries().items()})


@cache
def entries() -> dict[str, dict[str, str]]:
    """Return id → language → sentence, as the catalogue has them."""
    return read(CATALOGUE)


def read(catalogue: Path) -> dict[str, dict[str, str]]:
    """Return id → language → sentence of a file of this form."""
    with catalogue.open("rb") as file:
        return dict(_flat("", tomllib.load(file)))


def _flat(path: str, table: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    for name, value in table.items():
        inner = f"{path}.{name}" if path else name
        if all(isinstance(part, str) for part in value.values()):
            yield inner, value
        else:
            yield from _flat(inner, value)
