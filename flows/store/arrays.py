"""Statements whose parameters are arrays, one for each column: many rows in one round trip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

from connectors.timescale import array
from flows.store.statements import UPSERTS


def upsert(cursor: psycopg.Cursor, name: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run an upsert of `UPSERTS` if there are rows."""
    parameters = columns(rows)
    if parameters:
        cursor.execute(UPSERTS[name], parameters)


def columns(rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return the columns of rows as array literals."""
    return [array(column) for column in zip(*rows, strict=True)]
