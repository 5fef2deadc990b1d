"""Variables whose values are words of the catalogue, texts inside SQL, and addresses of ours.

Enters: texts of a language, of the boards' catalogue or of the flows' (`flows/words.toml`: names
of rules, actions, invariants are said in one place). Leaves: variables, SQL expressions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.words import words
from grafana import house
from grafana.board import listed

if TYPE_CHECKING:
    from grafana.house import Json
    from grafana.language import Say

APP_URL = "http://127.0.0.1:8080"
"""Where the gateway serves the pages on which people decide."""


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def named(say: Say, family: str) -> dict[str, str]:
    """Return code → name of what the flows know as `family.CODE.name`, such as rules."""
    start, end = f"{family}.", ".name"
    known = words(say.lang).sentences
    return {
        key[len(start) : -len(end)]: _upper(text)
        for key, text in known.items()
        if key.startswith(start) and key.endswith(end)
    }


def rules(say: Say) -> dict[str, str]:
    """Return the names of the alert rules."""
    return named(say, "rule")


def kinds(say: Say) -> dict[str, str]:
    """Return the names of the kinds of actions."""
    return named(say, "action")


def known(say: Say, family: str) -> dict[str, str]:
    """Return code → text of what the flows know as `family.CODE`: movements, invariants."""
    start = f"{family}."
    return {
        key.removeprefix(start): _upper(text)
        for key, text in words(say.lang).sentences.items()
        if key.startswith(start)
    }


def choice(say: Say, name: str, texts: dict[str, str], *, several: bool = True) -> Json:
    """Return a variable of these values, shown by their texts."""
    rows = ", ".join(
        f"({number}, {house.literal(text)}, {house.literal(code)})"
        for number, (code, text) in enumerate(texts.items())
    )
    sql = f"""
        SELECT v.__text, v.__value FROM (VALUES {rows}) AS v (place, __text, __value)
        ORDER BY v.place"""
    return listed(say, name, sql, several=several)


def constant(name: str, value: str) -> Json:
    """Return a hidden variable that is changed where the board is made."""
    return {
        "type": "constant",
        "name": name,
        "query": value,
        "current": {"text": value, "value": value, "selected": True},
        "options": [{"text": value, "value": value, "selected": True}],
        "hide": 2,
        "skipUrlSync": True,
    }


def roles_chosen(column: str) -> str:
    """Return the SQL condition that an array has one of the roles that are chosen."""
    values = "${role:sqlstring}"
    return f"('__all__' IN ({values}) OR {column} && ARRAY[{values}]::text[])"
