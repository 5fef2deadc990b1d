"""The summands of a batch's movements, added to table throughput in their transaction."""

from __future__ import annotations

import psycopg

from flows.domain.changes import Changes
from flows.domain.fixed import text
from flows.domain.throughput import begin, summands
from flows.store.arrays import upsert


def write(cursor: psycopg.Cursor, changes: Changes) -> None:
    """Add what a batch's movements come to; ten minutes that are no longer kept stay gone."""
    upsert(
        cursor,
        "throughput",
        (
            (warehouse, kind, begin(number), lines, text(inbound), text(outbound))
            for (warehouse, kind, number), (lines, inbound, outbound) in sorted(
                summands(changes.movements).items()
            )
        ),
    )
