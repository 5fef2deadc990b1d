"""What should lie elsewhere in each warehouse, looked at now and kept in table `rebalancing`.

Enters: bins, stock and sales from the tables. Leaves: the suggestions of flows/domain/space.py, one
transaction a warehouse, in place of those of the last look; a second process at the same time waits
for the first. Meant to be run every hour or so. May fail with psycopg's errors, or with Trouble
when the database does not answer.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from connectors.queries import QUERIES, Queries
from connectors.session import Session
from flows.domain.space import Goods, Place, Suggestion, suggest
from flows.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg

    from connectors.queries import Row
    from flows.settings import Settings

PATIENCE = 30.0
_LOCK = 0x57415445524C5242
_COLUMNS = (
    "warehouse", "n", "kind", "sku", "lot", "quantity", "from_zone", "from_bin", "to_zone",
    "to_bin", "issues", "from_occupancy", "from_afterwards", "to_occupancy", "to_afterwards",
    "from_distance", "to_distance", "cautions", "reason_en", "reason_zh",
)  # fmt: skip


def rebalance(
    settings: Settings,
    warehouse: str | None = None,
    progress: Callable[[str, int, int], None] = lambda *_: None,
    stopping: Callable[[], bool] = lambda: False,
) -> dict[str, int]:
    """Look at a warehouse, or at all, and keep what is proposed; return how many, by warehouse."""
    made = {}
    session = Session(
        settings.need_dsn(), patience=PATIENCE, stopping=stopping, name="waterline rebalance"
    )
    try:
        with Queries(QUERIES, settings.need_dsn()) as database:
            wanted = [warehouse] if warehouse else _warehouses(database)
            for number, name in enumerate(wanted):
                if stopping():
                    break
                progress(name, number, len(wanted))
                found = look(database, name)
                session.run(partial(keep, warehouse=name, found=found))
                made[name] = len(found)
            progress("", len(wanted), len(wanted))
    finally:
        session.close()
    return made


def look(database: Queries, warehouse: str) -> list[Suggestion]:
    """Return what one warehouse should move."""
    places = [
        Place(
            row["bin"],
            row["zone"],
            (row["max_quantity"], row["max_volume"], row["max_weight"]),
            row["distance"],
            row["active"],
        )
        for row in database.rows("rebalancing_places", warehouse=warehouse)
    ]
    goods = [Goods(**row) for row in database.rows("rebalancing_goods", warehouse=warehouse)]
    return suggest(places, goods)


def keep(connection: psycopg.Connection, warehouse: str, found: Sequence[Suggestion]) -> None:
    """Write the suggestions of a warehouse in place of its last ones."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    connection.execute("DELETE FROM inventory.rebalancing WHERE warehouse = %s", (warehouse,))
    marks = ", ".join(f"%({name})s" for name in _COLUMNS)
    statement = f"INSERT INTO inventory.rebalancing ({', '.join(_COLUMNS)}) VALUES ({marks})"  # noqa: S608 - constants
    rows = [_row(warehouse, n, one) for n, one in enumerate(found, start=1)]
    connection.cursor().executemany(statement.encode(), rows)


def _warehouses(database: Queries) -> list[str]:
    return [row["warehouse"] for row in database.rows("known_warehouses")]


def _row(warehouse: str, n: int, one: Suggestion) -> Row:
    row: dict[str, Any] = {
        "warehouse": warehouse,
        "n": n,
        "kind": one.kind,
        "sku": one.goods.sku,
        "lot": one.goods.lot,
        "quantity": one.goods.quantity,
        "from_zone": one.source.zone,
        "from_bin": one.source.bin,
        "to_zone": one.target.zone,
        "to_bin": one.target.bin,
        "issues": one.goods.issues,
        "from_occupancy": _percent(one.from_occupancy),
        "from_afterwards": _percent(one.from_afterwards),
        "to_occupancy": _percent(one.to_occupancy),
        "to_afterwards": _percent(one.to_afterwards),
        "from_distance": one.source.distance,
        "to_distance": one.target.distance,
        "cautions": list(one.cautions),
    }
    said = {name: _said(value) for name, value in row.items()}
    for column, lang in (("reason_en", "en"), ("reason_zh", "zh-CN")):
        row[column] = words(lang)(f"rebalancing.{one.kind}", **said)
    return row


def _percent(value: Any) -> Any:
    return None if value is None else round(value, 2)


def _said(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.0f}"
    return f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)
