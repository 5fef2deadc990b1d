"""Boards say the same in both languages, all of it from the catalogue, which has no more."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator

import pytest

from flows import words
from grafana import build
from grafana.language import LANGUAGES, Say, entries
from tests.grafana.asking import panels
from tests.grafana.board_rules import headings

ROOT = build.HERE
SOURCES = sorted(ROOT.rglob("*.py"))
CODE = {file: file.read_text() for file in SOURCES}
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
SAID = {"title", "description", "label", "text", "tooltip", "axisLabel", "content", "noValue"}
"""Keys of a board's JSON whose texts people read; displayName and units are values of overrides."""
LITERAL = re.compile(r"'((?:[^']|'')*)'")
SIGNS = re.compile(r"[A-Z]|All|¥|m?s|kg|k?m|m³|\$__all|(?:[–—→\d\s.,:%+×/()·…-]|\$\{\w+[^}]*\})*")
"""What is the same in every language: figures, signs, symbols of units."""


def boards(lang):
    """Return stem → board of a language."""
    files = (ROOT / "dashboards" / lang).glob("*.json")
    return {file.stem: json.loads(file.read_text()) for file in files}


def pattern(*languages):
    """Return the regex of every text of languages with whatever its placeholders hold."""
    every = [*entries().values(), *words.entries().values()]
    known = (re.escape(entry[lang]) for entry in every for lang in languages)
    return re.compile("|".join(re.sub(r"\\\{\w+\\\}", ".*", one) for one in known))


EVERYTHING = pattern(*LANGUAGES)


def placeholders(text: str) -> set[str]:
    """Return the names in braces of our own, not those of Grafana's `${…}` and `{{ … }}`."""
    bare = re.sub(r"\$\{[^}]*\}|\{\{.*?\}\}", "", text)
    return {name for _, name, _, _ in string.Formatter().parse(bare) if name}


def shown(value, key="") -> Iterator[str]:
    """Yield every text of a document that people read."""
    if isinstance(value, dict):
        if value.get("id") == "displayName":
            yield value["value"]
        if value.get("id") == "unit":
            yield from shown(value["value"], "unit")
        for name, one in value.items():
            yield from shown(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from shown(one, key)
    elif isinstance(value, str):
        unit = re.fullmatch(r"(?:prefix|suffix):(.*)", value) if key == "unit" else None
        if key in SAID or unit or (key == "fixed" and value[:1] != "#" and value != "transparent"):
            yield unit[1].strip() if unit else value


def shape(value, key=""):
    """Return a document without what differs between languages: texts, uids, tags, columns."""
    if isinstance(value, dict):
        fixed = {name: shape(one, name) for name, one in value.items()}
        if value.get("id") in {"displayName", "unit"}:
            fixed["value"] = ""
        if key == "rowsFrame":
            fixed |= {"value": ""}
        return fixed
    if isinstance(value, list):
        return [shape(one, key) for one in value]
    if not isinstance(value, str):
        return value
    if key in SAID | {"uid", "tags", "displayName", "include", "unit", "confirmation", "fixed"}:
        return ""
    plain = re.sub(r"_(en|zh)\b", "_lang", value)
    if key in {"rawSql", "query", "definition"}:
        plain = LITERAL.sub(
            lambda one: "'…'" if EVERYTHING.fullmatch(one[1].replace("''", "'")) else one[0], plain
        )
    return re.sub(r"(/d/[\w-]+?)-zh\b", r"\1", plain)


@pytest.mark.parametrize("name", sorted(boards("en")))
def test_a_board_is_built_the_same_in_both_languages(name):
    """A panel, a link or a threshold that one language lacks would be found by its readers only."""
    assert boards("zh-CN").keys() == boards("en").keys()
    assert shape(boards("zh-CN")[name]) == shape(boards("en")[name])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_whatever_is_shown_stands_in_the_catalogue(lang):
    """No text of a board is written beside the catalogue, where no translator would find it."""
    catalogue = pattern(lang)
    for name, board in boards(lang).items():
        texts = set(shown({key: board[key] for key in board.keys() - {"templating"}}))
        texts |= {one.get("label", "") for one in board["templating"]["list"]} - {""}
        strange = {
            text for text in texts if not SIGNS.fullmatch(text) and not catalogue.fullmatch(text)
        }
        assert strange == set(), name


@pytest.mark.parametrize("file", SOURCES, ids=[str(file.relative_to(ROOT)) for file in SOURCES])
def test_no_source_has_chinese_in_it(file):
    """What people read is in grafana/words."""
    assert CHINESE.findall(CODE[file]) == []


def test_no_board_in_english_has_chinese_in_it():
    """A column without :lang would show here."""
    for name, board in boards("en").items():
        assert CHINESE.findall(json.dumps(board, ensure_ascii=False)) == [], name


@pytest.mark.parametrize("sentence", sorted(entries()))
def test_every_text_is_in_both_languages_with_the_same_placeholders(sentence):
    """Nobody reads half a board in the other language."""
    entry = entries()[sentence]
    assert set(entry) == set(LANGUAGES)
    assert all(text.strip() for text in entry.values())
    assert placeholders(entry["en"]) == placeholders(entry["zh-CN"])


@pytest.fixture
def asked(monkeypatch):
    """Give the set of texts that sources ask for while they build everything."""
    names = set()
    call, get, family = Say.__call__, Say.get, Say.family

    def heard(original):
        def listen(self, sentence, *rest, **values):
            names.add(sentence)
            return original(self, sentence, *rest, **values)

        return listen

    def of_family(self, name):
        found = family(self, name)
        names.update(f"{name}.{key}" for key in found)
        return found

    for name, method in (("__call__", heard(call)), ("get", heard(get)), ("family", of_family)):
        monkeypatch.setattr(Say, name, method)
    build.files()
    return names


def test_no_text_is_left_over(asked):
    """What no board and no message says any more is deleted."""
    code = "\n".join(CODE.values())
    assert {name for name in entries().keys() - asked if f'"{name}"' not in code} == set()


def test_headings_of_a_table_differ():
    """Two columns of one heading cannot be told apart, nor sorted by."""
    for lang in LANGUAGES:
        for name, board in boards(lang).items():
            for panel in panels(board):
                heads = list(headings(panel).values()) if panel["type"] == "table" else []
                assert len(heads) == len(set(heads)), f"{lang} {name}: {panel['title']}"
