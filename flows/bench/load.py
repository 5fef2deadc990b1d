"""What the bench sends: the bytes of events, the same for the same seed and the same `start`.

Enters: how many, the instant at which history ends. Leaves: (warehouse or key, value) pairs, one
at a time: nothing is kept. Eight warehouses; one bin per SKU; device and device_seq rise.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from flows.domain.decode import canonical
from flows.domain.events import Inbound, Item, Outbound, Policy, Source, Tick

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WAREHOUSES = tuple(f"BENCH-{n}" for n in range(1, 9))
CELLS = 20_000
"""(warehouse, sku) pairs of a usual run."""

OPENING = Decimal(500)
"""What each of them holds before goods are issued: a run uses up a tenth of it."""
CROSSING = Decimal(495)
"""An issue that leaves less than the safety stock of an opening stock."""
SAFETY = Decimal(10)

HISTORY = timedelta(hours=6)
SEED = 20_240_601
_encode = msgspec.json.Encoder().encode
_QUANTITIES = tuple(Decimal(n) for n in range(1, 13))


def movement(
    n: int,
    cell: int,
    at: datetime,
    device: str,
    *,
    outbound: bool,
    source: Source | None = None,
    quantity: Decimal | None = None,
) -> bytes:
    """Return the bytes of one canonical scan; event `n` of `device`, of a quantity by its number.

    All movements of a cell are of the same bin.
    """
    kind = Outbound if outbound else Inbound
    number = cell // len(WAREHOUSES)
    place = f"A-{number:05d}"
    return canonical.encode(
        kind(
            event_id=f"{device}-{n}",
            occurred_at=at,
            device=device,
            device_seq=n,
            source=source,
            warehouse=warehouse_of(cell),
            sku=f"SKU-{number:06d}",
            quantity=_QUANTITIES[n % len(_QUANTITIES)] if quantity is None else quantity,
            from_bin=place if outbound else None,
            to_bin=None if outbound else place,
        )
    )


def warehouse_of(cell: int) -> str:
    """Return the warehouse of a (warehouse, sku) pair."""
    return WAREHOUSES[cell % len(WAREHOUSES)]


def log_events(count: int, start: datetime, cells: int = CELLS) -> Iterator[tuple[str, bytes]]:
    """Return events as intake leaves them on the log: half received, half issued."""
    chosen = random.Random(SEED)  # noqa: S311 - the same events every time, no secrets
    for n in range(count):
        cell = int(chosen.random() * cells)
        source = Source("wms", "wms.scans", n % 4, n // 4)
        at = _at(start, n, count)
        value = movement(n, cell, at, "gun", outbound=n % 2 == 1, source=source)
        yield warehouse_of(cell), value


def masters(start: datetime, cells: int) -> list[bytes]:
    """Return what the fold of `log_events` goes by: items, a policy, and the clock before them.

    They are for every partition of the log. Issues of the bench name no order: whatever they are
    worth, nobody is to ask what for.
    """
    at = _before(start)
    items = [
        Item(
            event_id=f"item-{number}",
            occurred_at=at,
            sku=f"SKU-{number:06d}",
            category=f"C-{number % 40:02d}",
            unit_cost=Decimal(number % 90 + 10),
        )
        for number in range(-(-cells // len(WAREHOUSES)))
    ]
    policy = Policy(
        event_id="policy",
        occurred_at=at,
        safety_stock=SAFETY,
        lead_time_days=Decimal(7),
        unexplained_value=Decimal(1_000_000),
    )
    return [
        canonical.encode(event) for event in (*items, policy, Tick(event_id="tick", occurred_at=at))
    ]


def opening(start: datetime, cells: Iterable[int]) -> Iterator[tuple[str, bytes]]:
    """Return one receipt for each (warehouse, sku): a run issues what is there."""
    for n, cell in enumerate(cells):
        value = movement(n, cell, _before(start), "open", outbound=False, quantity=OPENING)
        yield warehouse_of(cell), value


def raised(start: datetime, warehouse: str) -> bytes:
    """Return the policy by which each opening stock of a warehouse is too little."""
    policy = Policy(
        event_id="storm", occurred_at=start, warehouse=warehouse, safety_stock=2 * OPENING
    )
    return canonical.encode(policy)


def log_once(count: int, start: datetime) -> Iterator[tuple[str, bytes]]:
    """Return one receipt for each of `count` (warehouse, sku) pairs."""
    for n in range(count):
        source = Source("wms", "wms.scans", n % 4, n // 4)
        value = movement(n, n, _at(start, n, count), "gun", outbound=False, source=source)
        yield warehouse_of(n), value


def scans(count: int, start: datetime) -> Iterator[tuple[str, bytes]]:
    """Return scans as a WMS sends them."""
    chosen = random.Random(SEED)  # noqa: S311 - the same events every time, no secrets
    for n in range(count):
        cell = int(chosen.random() * CELLS)
        at = _at(start, n, count)
        yield warehouse_of(cell), movement(n, cell, at, "gun", outbound=n % 2 == 1)


def order_changes(count: int, start: datetime) -> Iterator[tuple[str, bytes]]:
    """Return changes of an OMS's order lines as Debezium's bare envelopes.

    A line is inserted, and the next message changes it with its row before and after.
    """
    before: bytes | None = None
    for n in range(count):
        at = _at(start, n, count)
        row = _order_row(n // 2, at, changed=n % 2 == 1)
        after = _encode(row)
        key = f'{{"order_id":"{row["order_id"]}","line_id":"{row["line_id"]}"}}'
        yield key, _envelope(n, at, before, after)
        before = after if before is None else None


def _order_row(line: int, at: datetime, *, changed: bool) -> dict[str, str]:
    cell = line % CELLS
    return {
        "order_id": f"SO-{line // 3:08d}",
        "line_id": str(line % 3 + 1),
        "warehouse": warehouse_of(cell),
        "sku": f"SKU-{cell // len(WAREHOUSES):06d}",
        "ordered": f"{line % 9 + 1}.000",
        "shipped": f"{line % 9 + 1 if changed else 0}.000",
        "state": "shipped" if changed else "open",
        "updated_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _envelope(n: int, at: datetime, before: bytes | None, after: bytes) -> bytes:
    milliseconds = int(at.timestamp() * 1000)
    return _encode(
        {
            "before": None if before is None else msgspec.Raw(before),
            "after": msgspec.Raw(after),
            "source": {
                "version": "3.0.8.Final",
                "connector": "postgresql",
                "name": "oms",
                "ts_ms": milliseconds,
                "snapshot": "false",
                "db": "oms",
                "sequence": f'["{24_000_000 + 120 * n}","{24_000_120 + 120 * n}"]',
                "schema": "public",
                "table": "order_line",
                "txId": 750 + n // 2,
                "lsn": 24_000_120 + 120 * n,
                "xmin": None,
            },
            "transaction": None,
            "op": "c" if before is None else "u",
            "ts_ms": milliseconds + 12,
        }
    )


def _before(start: datetime) -> datetime:
    return start - HISTORY - timedelta(minutes=1)


def _at(start: datetime, n: int, count: int) -> datetime:
    return start - HISTORY * (1 - n / count)
