"""The numbers of devices in the database: ranges become blocks, blocks are shown as ranges."""

from __future__ import annotations

import shutil

import psycopg
import pytest

from connectors.migrate import SQL, migrate, read_folder
from flows.domain.numbers import WIDTH, Numbers
from flows.domain.rows import BlockKey, DeviceRow

pytestmark = pytest.mark.stack
RANGES = {
    "orderly": [range(1, 5001)],
    "holes": [range(2, 900), range(1020, 1030), range(3000, 9000, 7)],
    "whole": [range(1025, 2049)],
    "zero": [range(2), range(2049, 4097)],
    "million": [range(2**20 - 2000, 2**20 + 3000)],
    "highest": [range(2**63 - 3000, 2**63 - 1)],
}
INSERT = """
INSERT INTO inventory.device_sequences (log_partition, device, seen, last_seq)
SELECT %s, %s, (SELECT range_agg(int8range(n, n + 1)) FROM unnest(%s::bigint[]) AS n), %s
"""


def folded(device, numbers) -> tuple[DeviceRow, dict[BlockKey, int]]:
    """Return what the fold makes of a device's numbers."""
    row, book = DeviceRow(device), Numbers(lambda _: {})
    book.open({device: numbers}, {device: row})
    book.add(row, numbers)
    return row, {key: bits for key, bits in book.flush().items() if bits}


def older(folder):
    """Return the sql folder of before the blocks."""
    shutil.copytree(SQL / "server", folder / "server")
    for name in ("migrations", "replaceable"):
        (folder / name).mkdir()
    for file in read_folder(SQL / "migrations"):
        if file.name < "0011":
            shutil.copy(SQL / "migrations" / file.name, folder / "migrations" / file.name)
    shutil.copy(SQL / "replaceable" / "000_drop.sql", folder / "replaceable" / "000_drop.sql")
    return folder


def test_ranges_of_an_older_database_become_the_blocks_that_the_fold_makes(
    empty_database, tmp_path
):
    """Row by row and bit by bit; the view shows the ranges that were there."""
    with empty_database() as dsn:
        migrate(dsn, older(tmp_path / "sql"))
        numbers = {name: [n for part in parts for n in part] for name, parts in RANGES.items()}
        with psycopg.connect(dsn) as conn:
            for name, found in numbers.items():
                conn.execute(INSERT, (3, name, found, max(found)))
            conn.execute(INSERT, (1, "holes", [1, 900], 900))
            query = (
                "SELECT device, range_agg(seen)::text FROM inventory.device_sequences GROUP BY 1"
            )
            before = dict(conn.execute(query).fetchall())
        migrate(dsn)
        with psycopg.connect(dsn) as conn:
            blocks = conn.execute(
                "SELECT device, span, first_seq, bits::text FROM inventory.device_blocks"
                " WHERE log_partition = 3"
            ).fetchall()
            rows = conn.execute(
                "SELECT device, recorded, open_blocks FROM inventory.device_sequences"
                " WHERE log_partition = 3"
            ).fetchall()
            shown = conn.execute("SELECT device, seen::text FROM inventory.devices").fetchall()
    wanted = {name: folded(name, found) for name, found in numbers.items()}
    assert {BlockKey(*key): int(bits, 2) for *key, bits in blocks} == {
        key: bits for _, own in wanted.values() for key, bits in own.items()
    }
    assert {tuple(row) for row in rows} == {
        (row.device, row.recorded, row.open_blocks) for row, _ in wanted.values()
    }
    assert dict(shown) == before


def test_a_block_is_shown_as_the_ranges_of_its_bits(migrated):
    """None, all, the ends alone, every other one; a bit may stand for many numbers."""
    cases = {
        "0": (1, 1, "{}"),
        "1": (1, 1, f"{{[1,{WIDTH + 1})}}"),
        "10": (1, 1, "{" + ",".join(f"[{n},{n + 1})" for n in range(1, WIDTH, 2)) + "}"),
        f"1{'0' * (WIDTH - 2)}1": (1, 1, f"{{[1,2),[{WIDTH},{WIDTH + 1})}}"),
        f"0{'1' * 4}{'0' * (WIDTH - 5)}": (2049, 8, "{[2057,2089)}"),
    }
    with psycopg.connect(migrated) as conn:
        for pattern, (first, span, ranges) in cases.items():
            bits = (pattern * WIDTH)[:WIDTH]
            found = conn.execute(
                "SELECT coalesce(inventory.arrived_in(%s, %s, %s::bit(1024)), '{}')::text",
                (first, span, bits),
            ).fetchone()
            assert found == (ranges,)
