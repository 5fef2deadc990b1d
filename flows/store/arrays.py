"""Statements whose parameters are arrays, one for each column: many rows in one round trip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import psycopg

from connectors.timescale import array
from flows.store.statements import UPSERTS

AT_ONCE = 10_000
"""Rows of a statement at most: more take longer than is waited for, and much memory."""


def upsert(cursor: psycopg.Cursor, name: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run an upsert of `UPSERTS` for the rows, if there are any."""
    left = iter(rows)
    while some := list(islice(left, AT_ONCE)):
        cursor.execute(UPSERTS[name], columns(some))


def columns(rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return the columns of rows as array literals."""
    return [array(column) for column in zip(*rows, strict=True)]
