"""Every table of two databases, row by row.

Enters: the settings of two runs of the same events, both at rest. Leaves: nothing, or the tables
that differ with examples. What two right runs may differ in stands here, once, with its reason.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np
import psycopg

# column → why two runs may differ in it; "table.column" or a column of every table
ASIDE = {
    "committed_at": "the clock at the commit",
    "updated_at": "the clock, in offsets and intake; in stock it is an event's time: compared",
    "offsets.generation": "counts owners",
    "offsets.owner": "a process",
    "offsets.topic_id": "each run has topics of its own",
    "intake.topic_id": "the same",
    "rejects.at": "the clock",
    "stock_figures.version": "counts the batches that changed the row",
    "alerts.at": "the clock at the commit",
    "actions.created_at": "the same",
    "actions.updated_at": "the same",
}
KEPT = {"stock_figures.updated_at"}
# The same, when the log itself was written in another order or with repeats.
ORDER = {
    "log_offset": "another place on the log",
    "offsets.next_offset": "repeats are on the log too",
    "offsets.consumed": "the same",
    "offsets.repeats": "the same",
    "offsets.rejects": "a conflict that is repeated is refused again",
    "stock_figures.review_at": "alerts are decisions on what was known then",
    "stock_figures.basis": "the same",
}
DECIDED = {"alerts", "alert_state", "actions"}
"""Decisions on what was known: a function of the log in its order."""
FOLDED = {"alerts", "alert_state"}
"""Of these the rows that the fold has written: who watches from outside goes by the clock."""
TABLES = {
    "schema_migrations": "when it was made",
    "stock_history": "a row a change and batch: batches are cut by the clock (see `history`)",
    "lag": "the clock, but for how many events each warehouse has",
    "invariants": "measured when the clock says so",
    "alert_times": "the same",
    "totals_made": "the same",
    "stock_totals": "worked out anew now and then from what is compared",
    "shortage_totals": "the same",
    "zone_totals": "the same",
    "expiry_totals": "the same",
    "special_totals": "the same",
    "turnover_totals": "the same",
    "response_totals": "the same",
    "outbox": "grouped by batches",
    "dispatches": "how far the relay is, and when it was",
    "deliveries": "the same",
    "event_ids": "cut into runs by batches: compared as one set",
}
LAG = "SELECT ROW(warehouse, sum(events))::text FROM lag GROUP BY warehouse"
NET = """
SELECT ROW(occurred_at, warehouse, sku, lot, bin, status, sum(quantity))::text
FROM movements GROUP BY occurred_at, warehouse, sku, lot, bin, status HAVING sum(quantity) <> 0
"""
"""Which rows correct which depends on the order of arrival, their sums do not (SEMANTICS.md)."""
JOURNAL = """
SELECT ROW(occurred_at, event_id, type, warehouse, sku, key, line_id, device_seq,
           body - 'source', log_partition)::text FROM journal
"""
"""Of the same event sent twice, either place may have been the first."""
REJECTS = """
SELECT DISTINCT ROW(topic, partition,
    CASE WHEN topic NOT LIKE '%inventory.events' THEN "offset" END, n, code, field, message,
    event_id, payload, payload_size)::text FROM rejects
"""
THROUGHPUT = """
SELECT ROW(at, warehouse, sum(inbound - outbound))::text FROM throughput
GROUP BY at, warehouse HAVING sum(inbound - outbound) <> 0
"""
"""Of movements the sums, hence the same."""
FOREIGN = {"movements": NET, "journal": JOURNAL, "rejects": REJECTS, "throughput": THROUGHPUT}
HISTORY = """
SELECT warehouse, sku, s.on_hand, h.on_hand, s.reserved, h.reserved, s.water_level, h.water_level
FROM stock AS s LEFT JOIN LATERAL (
    SELECT * FROM stock_history AS h WHERE (h.warehouse, h.sku) = (s.warehouse, s.sku)
    ORDER BY at DESC LIMIT 1) AS h USING (warehouse, sku)
WHERE (s.on_hand, s.reserved, s.available, s.water_level)
    IS DISTINCT FROM (h.on_hand, h.reserved, h.available, h.water_level)
LIMIT 5
"""


def same(disturbed, calm, *, any_order=False, without=()) -> int:
    """Fail when any table differs; return how many rows were compared.

    `any_order`: the same set of events came to the log in another order, or some of them twice.
    """
    one, other = (snapshot(settings, any_order=any_order) for settings in (disturbed, calm))
    assert one.keys() == other.keys()
    differing = [table for table in one if one[table] != other[table] and table not in without]
    found = {table: shown(one[table], other[table]) for table in differing}
    assert not found, found
    assert rows_of(disturbed, HISTORY) == [], "the last of stock_history is not stock"
    return sum(sum(table.values()) for table in other.values())


def shown(one: Counter[str], other: Counter[str]) -> dict[str, list[str]]:
    """Return some rows that only one side has."""
    return {
        "only disturbed": list(islice((one - other).elements(), 5)),
        "only calm": list(islice((other - one).elements(), 5)),
    }


def snapshot(settings, *, any_order) -> dict[str, Counter[str]]:
    """Return table → its rows as texts, without what may differ."""
    found = {}
    for table, columns in columns_of(settings).items():
        if table == "event_ids":
            found[table] = ids(settings)
            continue
        query = f"SELECT ROW({', '.join(wanted(table, columns, any_order))})::text FROM {table}"
        if table == "lag":
            query = LAG
        elif table in TABLES or (any_order and table in DECIDED):
            continue
        elif table in FOLDED:
            query += " WHERE log_partition IS NOT NULL"
        elif any_order and table in FOREIGN:
            query = FOREIGN[table]
        prefix = settings.topic_prefix
        found[table] = Counter(text.replace(prefix, "") for (text,) in rows_of(settings, query))
    return found


def wanted(table, columns, any_order) -> list[str]:
    """Return the columns that must be the same."""
    aside = {**ASIDE, **(ORDER if any_order else {})}
    return [
        f'"{name}"'
        for name in columns
        if f"{table}.{name}" in KEPT or not (name in aside or f"{table}.{name}" in aside)
    ]


def columns_of(settings) -> dict[str, list[str]]:
    """Return table → columns of everything in the schema, new tables included."""
    found: dict[str, list[str]] = {}
    query = """
        SELECT c.table_name::text, c.column_name::text FROM information_schema.columns AS c
        JOIN information_schema.tables AS t USING (table_schema, table_name)
        WHERE c.table_schema = 'inventory' AND t.table_type = 'BASE TABLE'
            AND is_generated = 'NEVER'
        ORDER BY 1, c.ordinal_position
    """
    for table, column in rows_of(settings, query):
        found.setdefault(table, []).append(column)
    return found


def ids(settings) -> Counter[str]:
    """Return the ids seen, per partition: how many, and a digest of the sorted set."""
    runs: dict[int, list[np.ndarray]] = {}
    query = "SELECT log_partition, ids, prints, times FROM event_ids ORDER BY 1"
    for partition, *columns in rows_of(settings, query):
        run = np.array([np.frombuffer(column, np.int64) for column in columns])
        runs.setdefault(partition, []).append(run)
    found: Counter[str] = Counter()
    for partition, parts in runs.items():
        whole = np.concatenate(parts, axis=1)
        order = np.lexsort(whole[::-1])
        assert len(np.unique(whole[0])) == whole.shape[1], f"partition {partition}: an id twice"
        digest = hash(whole[:, order].tobytes())
        found[f"partition {partition}: {whole.shape[1]} ids, digest {digest}"] = 1
    return found


def rows_of(settings, query):
    """Return the rows of a query on schema inventory."""
    with psycopg.connect(settings.dsn, options="-c search_path=inventory,public") as connection:
        return connection.execute(query).fetchall()
