from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from flows.commands.parser import GROUPS
from flows.settings import LANGUAGES
from flows.words import entries, words

ROOT = Path(__file__).resolve().parents[2]
CODE = "\n".join(file.read_text() for file in sorted((ROOT / "flows").rglob("*.py")))
# Ids that the code puts together: a type, a level, a status, a command, an option.
FAMILIES = {"column", "run", "trace", "audit", "rebalancing"}
MADE = FAMILIES | {"command", "option", "level", "status", "type", "kind", "cli"}
MADE |= {"rule", "alert", "action", "change", "group"}  # see test_sentences.py
MADE |= {"figure"}  # tests/e2e/test_alert_commands.py does


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("sentence", sorted(entries()))
def test_every_sentence_is_in_both_languages_with_the_same_placeholders(sentence):
    """Nobody reads half a page in the other language, nor a page with a hole in it."""
    entry = entries()[sentence]
    assert set(entry) == set(LANGUAGES)
    assert all(text.strip() for text in entry.values())
    assert placeholders(entry["en"]) == placeholders(entry["zh-CN"])


def test_every_sentence_that_the_code_says_is_in_the_catalogue():
    """A sentence that is missing would be a KeyError before a person's eyes."""
    said = set(re.findall(r'\bsay\(\s*"([a-z_.0-9]+)"', CODE))
    said |= set(re.findall(r'words\([a-z_.]+\)\(\s*"([a-z_.0-9]+)"', CODE))
    assert said - set(entries()) == set()


def test_no_sentence_is_left_over():
    """What nothing says any more is deleted."""
    quoted = set(re.findall(r"""["']([a-z_]+(?:\.[a-z_0-9]+)+)["']""", CODE))
    left = {name for name in entries() if name.split(".")[0] not in MADE} - quoted
    assert left == set()


def test_every_word_of_a_made_family_is_named_by_the_code():
    """Families of ids (columns, reports of the supervisor) hold nothing unused either."""
    names = [name for name in entries() if name.split(".")[0] in FAMILIES]
    last = {name: name.rpartition(".")[2] for name in names}
    assert {name for name, word in last.items() if not re.search(rf'[".]{word}"', CODE)} == set()


def test_commands_of_the_help_have_a_line_each():
    """`waterline --help` knows what every command does."""
    for _, names in GROUPS:
        for name in names:
            assert words("zh-CN")(f"command.{name}")


def test_a_sentence_is_filled_with_its_values():
    """Placeholders are replaced, in either language."""
    assert words("en")("demo.waiting", behind=3) == "3 messages to go"
    assert words("zh-CN")("demo.waiting", behind=3) == "还剩 3 条"
