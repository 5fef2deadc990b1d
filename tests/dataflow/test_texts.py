"""Texts and numbers at the edge of what a message may hold, through the stock flow."""

from __future__ import annotations

import pytest

from tests.builders import (
    bin_master,
    cancel,
    inbound,
    item,
    order_line,
    policy,
    purchase_line,
    stocktake,
    tick,
    transfer_out,
)
from tests.dataflow.running import (
    at,
    clean,
    drain,
    put,
    rows,
)

pytestmark = pytest.mark.stack

HARD = (
    *("tab\there", "back\\slash", "\\N", "\\.", "NULL", "null", '"quoted"', "it's", "{brace}"),
    *("a,b", "{NULL}", '{"a","b"}', "new\nline", "cr\rhere", "cr\r\nlf", " spaces ", "📦 emoji"),
    *("中文仓库", "ends in \\", '\\"', "\u2028", "e\u0301", "%s %d", "$1", "x'; DROP TABLE y; --"),
    *("\x7f", "\ufeffbom", "\b\f", "𠮷" * 50),
)


def test_texts_survive_copy_and_arrays_unchanged(settings):
    """What COPY, array literals or JSON could misread comes out as it went in."""
    events = []
    for n, text in enumerate(HARD):
        near = {"at": at(n), "operator": text, "device": text}
        events += [
            inbound(text, 5, lot=text, bin=text, document=text, id=f"{n} {text}", reason=text,
                    video_url=text, expires_on=at(9999).date(), **near),
            order_line(text, text, 3, line_id=text, document=text, version=1, **near),
            purchase_line(text, text, 4, line_id=text, document=text, **near),
            stocktake(text, 4, lot=text, bin=text, document=text, at=at(n + 0.5)),
            item(text, name=text, name_zh=text, category=text, barcode=text, protection=text,
                 unit_cost="1.5", **near),
            bin_master(text, zone=text, aisle=text, **near),
            policy(sku=text, safety_stock=1, **near),
            policy(category=text, max_stock=1, **near),
            transfer_out(text, 1, bin=text, lot=text, document=text, **near),
            cancel(text, id=f"x {text}", **near),
        ]  # fmt: skip
    put(settings, 0, *events)
    drain(settings)
    assert rows(settings, "SELECT code, message FROM rejects") == []
    wanted = sorted(HARD)
    for table, columns in {
        "movements": "sku lot bin document operator device reason video_url",
        "stock": "sku",
        "stock_bins": "sku lot bin",
        "lot_dates": "sku lot",
        "orders": "order_id line_id sku document",
        "purchases": "order_id line_id sku document",
        "counts": "sku document",
        "items": "sku name name_zh category barcode protection",
        "bins": "bin zone aisle",
        "cancels": "target_id",
        "stock_history": "sku",
    }.items():
        for column in columns.split():
            found = rows(
                settings, f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"
            )
            assert sorted(text for (text,) in found) == wanted, (table, column)
    # a cold start reads all of it back
    put(settings, 0, *(inbound(text, 1, lot=text, bin=text, at=at(99)) for text in HARD))
    put(settings, 0, *(cancel(f"{n} {text}", at=at(99)) for n, text in enumerate(HARD)))
    drain(settings)
    clean(settings)


def test_the_longest_texts_and_numbers_fit(settings):
    """What the decoder lets pass can be written: four-byte characters, the largest figures."""
    wide = "".join(chr(0x20000 + n * 7) for n in range(200))
    name, most = wide[:100], "999999999.9999"
    where = {"warehouse": name, "at": at(5)}
    put(
        settings, 0,
        inbound(name, most, lot=wide, bin=wide, document=wide, device_seq=2**63 - 1, **where),
        inbound(name, most, lot=wide, bin=wide, order_id=name, line_id=name, **where),
        transfer_out(name, most, to=name[:99] + "B", document=wide, lot=wide, **where),
        order_line(name, name, most, line_id=name, version=2**63 - 1, **where),
        purchase_line(name, name, most, line_id=name, counterpart=wide, **where),
        stocktake(name, most, lot=wide, bin=wide, warehouse=name, at=at(6)),
        bin_master(name, position=2**31 - 1, x="99999999999999.123456789012", **where),
        item(name, unit_cost="99999999999999", shelf_life_days=36500, category=wide, at=at(5)),
        policy(category=wide, max_stock=0, **where),
        policy(sku=name, category=wide, safety_stock="999999999", **where),
        tick(at=at(7)),
        inbound(name, 1, lot="ends", expires_on=at(0).date().replace(9999, 12, 31), **where),
        inbound(name, 1, lot="began", expires_on=at(0).date().replace(1, 1, 1), **where),
        purchase_line("far", name, 1, due_at=at(0).replace(9999), **where),
        purchase_line("long ago", name, 1, due_at=at(0).replace(1), **where),
    )  # fmt: skip
    drain(settings)
    assert rows(settings, "SELECT code, message FROM rejects") == []
    clean(settings)
