"""The page of the schema: what the command makes of a fresh database is what is committed."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser

import pytest

from connectors.migrate import SQL
from flows.cli import main
from flows.commands.schema import page

pytestmark = pytest.mark.stack
PAGES = {"en": "SCHEMA.md", "zh-CN": "SCHEMA.zh-CN.md"}


@pytest.mark.parametrize("lang", PAGES)
def test_the_committed_page_is_that_of_a_fresh_database(migrated, lang):
    """WATERLINE_GOLDEN=write writes it anew."""
    path, found = SQL / PAGES[lang], page(migrated, lang)
    if os.environ.get("WATERLINE_GOLDEN") == "write":
        path.write_text(found)
    assert found == path.read_text(), "run WATERLINE_GOLDEN=write pytest tests/sql"


@pytest.mark.parametrize("lang", PAGES)
def test_every_line_of_the_page_says_something(migrated, lang):
    """No column, parameter, table or function is without its sentence."""
    found = page(migrated, lang)
    assert re.findall(r"^\|.*\|\s*\|$", found, re.MULTILINE) == []
    assert re.findall(r"^### .*\n\n\n", found, re.MULTILINE) == []
    assert found.count("### `") == 0
    for name in ("stock_figures", "screen.shortages", "trace", "trail", "top_movers"):
        assert f"### {name}\n" in found


def test_the_chinese_page_is_chinese(migrated):
    """Each meaning of a column has Chinese in it."""
    lines = [one for one in page(migrated, "zh-CN").splitlines() if one.startswith("| `")]
    assert [one for one in lines if not re.search("[\u4e00-\u9fff]", one.split("|")[3])] == []


def test_the_page_in_html_is_one_whole_document(migrated):
    """Every tag that opens closes, and the rows are those of the Markdown."""

    class Balance(HTMLParser):
        open: tuple[str, ...] = ()
        rows = 0

        def handle_starttag(self, tag, _attrs):
            self.open += (tag,) if tag != "meta" else ()
            self.rows += tag == "tr"

        def handle_endtag(self, tag):
            assert self.open[-1] == tag
            self.open = self.open[:-1]

    reader = Balance()
    reader.feed(page(migrated, "en", "html"))
    assert reader.open == ()
    rows = [one for one in page(migrated, "en").splitlines() if re.match(r"\| (?!---)", one)]
    assert reader.rows == len(rows)


def test_the_command_prints_the_page_in_the_language_asked(migrated, monkeypatch, capsys):
    """WATERLINE_LANG decides where --lang does not."""
    monkeypatch.setenv("WATERLINE_DSN", migrated)
    monkeypatch.setenv("WATERLINE_LANG", "zh-CN")
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == page(migrated, "zh-CN")
    assert main(["schema", "--lang", "en", "--format", "html"]) == 0
    assert capsys.readouterr().out == page(migrated, "en", "html")
