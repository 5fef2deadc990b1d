"""A page of headings, sentences, code and tables, as Markdown or as one HTML document."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em }
h2 { border-bottom: 2px solid #2a6f97 }
h3 { font-family: ui-monospace, monospace; margin: 2em 0 .2em }
table { border-collapse: collapse }
td, th { text-align: left; vertical-align: top; padding: .15em .8em .15em 0 }
td, th { border-bottom: 1px solid #ddd }
td:first-child, td:nth-child(2), pre { font: 13px/1.5 ui-monospace, monospace }
pre { white-space: pre-wrap; background: #f4f4f4; padding: .5em }
"""


@dataclass(frozen=True)
class Block:
    """One part of a page in both forms."""

    markdown: str
    html: str


def heading(level: int, words: str) -> Block:
    """Return a heading of level 1 (the page), 2 or 3."""
    return Block(f"{'#' * level} {words}", f"<h{level}>{escape(words)}</h{level}>")


def text(words: str) -> Block:
    """Return a paragraph; `code` in backticks."""
    parts = escape(words).split("`")
    marked = "".join(f"<code>{one}</code>" if i % 2 else one for i, one in enumerate(parts))
    return Block(_marked(words), f"<p>{marked}</p>")


def code(words: str) -> Block:
    """Return a block of code."""
    return Block(f"```\n{words}\n```", f"<pre>{escape(words)}</pre>")


def words_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Block:
    """Return a table; the last column is prose, those before it are names."""
    listed = [list(row) for row in rows]
    lines = [heads, ["---"] * len(heads)]
    lines += [[*(f"`{cell}`" for cell in row[:-1]), _marked(row[-1])] for row in listed]
    made = "".join(_row(row, "td") for row in listed)
    return Block(
        "\n".join(
            f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines
        ),
        f"<table>{_row(heads, 'th')}{made}</table>",
    )


def _row(cells: Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>\n"


def _marked(words: str) -> str:
    """Escape what Markdown would take for its own; what is in backticks stays."""
    parts = words.split("`")
    for i in range(0, len(parts), 2):
        for sign in ("\\", "*", "_", "<"):
            parts[i] = parts[i].replace(sign, f"\\{sign}")
    return "`".join(parts)


def markdown(blocks: Iterable[Block]) -> str:
    """Return the page as Markdown."""
    return "\n\n".join(block.markdown for block in blocks) + "\n"


def html(blocks: Iterable[Block], title: str, lang: str) -> str:
    """Return the page as one HTML document that needs nothing else."""
    body = "\n".join(block.html for block in blocks)
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    start = f'<!doctype html>\n<html lang="{lang}"><head>{head}</head>'
    return f"{start}\n<body>\n{body}\n</body></html>\n"
