"""`waterline schema`: what the database consists of, as a page that people read.

Enters: the live catalogue with its English comments; for Chinese the same objects with the
sentences of `sql/comments/`; the heads of the named queries. Leaves: Markdown or HTML on
standard output; `sql/SCHEMA.md` and `sql/SCHEMA.zh-CN.md` are what it makes of a fresh database.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from connectors.catalogue import Column, Thing, things
from connectors.comments import read_comments
from connectors.migrate import SQL
from connectors.named import NamedQuery, read_named
from connectors.queries import connect
from flows.commands.page import Block, code, heading, html, markdown, text, words_table
from flows.commands.query import ANALYST
from flows.settings import LANGUAGES
from flows.words import Words, words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from flows.commands.parser import Subparsers
    from flows.settings import Settings

KINDS = {
    "table": "schema.table",
    "view": "schema.view",
    "function": "schema.function",
    "type": "schema.type",
}


def register(subparsers: Subparsers) -> None:
    """Add `waterline schema`."""
    schema = subparsers.add_parser(
        "schema",
        epilog="examples:\n  waterline schema > SCHEMA.md\n"
        "  waterline schema --lang zh-CN --format html > schema.html",
    )
    schema.add_argument("--lang", choices=LANGUAGES)
    schema.add_argument("--format", choices=("md", "html"), default="md")
    schema.set_defaults(run=run)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Print the page."""
    sys.stdout.write(page(settings.need_dsn(), args.lang or settings.lang, args.format))
    return 0


def page(dsn: str, lang: str, form: str = "md") -> str:
    """Return the page of a database in a language, as `md` or `html`."""
    say = words(lang)
    with connect(dsn) as conn:
        found = things(conn)
    if lang != "en":
        chinese = {one.name: one.chinese for one in read_comments(SQL / "comments")}
        found = [_translated(one, chinese) for one in found]
    blocks = list(_blocks(found, read_named(ANALYST), say))
    return html(blocks, say("schema.title"), lang) if form == "html" else markdown(blocks)


def _translated(thing: Thing, texts: Mapping[str, str]) -> Thing:
    columns = [
        Column(
            one.name,
            one.kind,
            texts.get(f"{thing.name}.{one.name}", texts.get(f"*.{one.name}", "")),
        )
        for one in thing.columns
    ]
    name = f"{thing.name}()" if thing.kind == "function" else thing.name
    comment = texts.get(name, "")
    return Thing(thing.name, thing.kind, comment, thing.keys, thing.time_column, tuple(columns))


def _blocks(found: Sequence[Thing], queries: Sequence[NamedQuery], say: Words) -> Iterator[Block]:
    yield heading(1, say("schema.title"))
    yield text(say("schema.made"))
    for kind, word in KINDS.items():
        yield heading(2, say(word))
        for one in found:
            if one.kind == kind:
                yield from _thing(one, say)
    yield heading(2, say("schema.queries"))
    yield text(say("schema.queries_how"))
    for query in queries:
        yield from _query(query, say)


def _thing(thing: Thing, say: Words) -> Iterator[Block]:
    yield heading(3, thing.name)
    yield text(thing.comment)
    if thing.kind == "function":
        arguments, result = thing.keys
        yield code(f"{thing.name}({arguments}) → {result}")
        return
    facts = [_key(one, say) for one in thing.keys]
    if thing.time_column:
        facts.append(say("schema.hypertable", column=thing.time_column))
    if facts:
        yield text(" ".join(facts))
    heads = (say("schema.column"), say("schema.kind"), say("schema.meaning"))
    yield words_table(heads, [(one.name, one.kind, one.comment) for one in thing.columns])


def _key(definition: str, say: Words) -> str:
    kind, _, columns = definition.partition(" (")
    word = "schema.key" if kind == "PRIMARY KEY" else "schema.unique"
    return say(word, columns=columns.rstrip(")"))


def _query(query: NamedQuery, say: Words) -> Iterator[Block]:
    yield heading(3, query.name)
    yield text(query.says[say.lang])
    yield text(query.columns[say.lang])
    rows = [
        (
            one.name,
            f"{one.kind}, {say('schema.needed')}" if one.required else one.kind,
            one.says[say.lang],
        )
        for one in query.parameters
    ]
    if rows:
        yield words_table(
            (say("schema.parameter"), say("schema.kind"), say("schema.meaning")), rows
        )
