"""Qimen's words for documents and for stock → canonical events.

Enters: an order type, an inventory type, a signed quantity, and the facts of a line. Leaves: one
movement in normal form. What moved is told by the order type where its direction and the sign
agree; the sign is always kept: a sale of +3 (a correction), an unknown type and a type of
differences become an adjustment, gain or loss, and `reason` says why.

The order types are those that the open platform's documentation lists for stockchange.report,
with the few that stockout.create, entryorder.create and orderprocess.report add (CGTH, XNCK,
JITCK, PTRK, XNRK, THRK) and the words that count reports use (CHECK, ADJUST, PD…, ZTTZ).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flows.domain.decode.checks import check
from flows.domain.events import (
    Adjustment,
    Inbound,
    Outbound,
    Return,
    TransferIn,
    TransferOut,
)

ORDER_TYPES: dict[str, tuple[str, str]] = {
    # type: (what it is here, what it is called there)
    "JYCK": ("outbound", "一般交易出库"),
    "HHCK": ("outbound", "换货出库"),
    "BFCK": ("outbound", "补发出库"),
    "PTCK": ("outbound", "普通出库"),
    "B2BCK": ("outbound", "B2B出库"),
    "QTCK": ("outbound", "其他出库"),
    "XNCK": ("outbound", "虚拟出库"),
    "JITCK": ("outbound", "唯品出库"),
    "CGTH": ("supplier", "采购退货出库"),
    "DBCK": ("transfer_out", "调拨出库"),
    "PTRK": ("inbound", "普通入库"),
    "CGRK": ("inbound", "采购入库"),
    "B2BRK": ("inbound", "B2B入库"),
    "QTRK": ("inbound", "其他入库"),
    "SCRK": ("inbound", "生产入库"),
    "LYRK": ("inbound", "领用入库"),
    "CCRK": ("inbound", "残次品入库"),
    "XNRK": ("inbound", "虚拟入库"),
    "XTRK": ("customer", "销退入库"),
    "THRK": ("customer", "退货入库"),
    "HHRK": ("customer", "换货入库"),
    "DBRK": ("transfer_in", "调拨入库"),
    "CNJG": ("adjustment", "仓内加工"),
    "ZTTZ": ("adjustment", "库存状态调整"),
    "PD": ("adjustment", "盘点"),
    "PDRK": ("adjustment", "盘盈入库"),
    "PDCK": ("adjustment", "盘亏出库"),
    "CHECK": ("adjustment", "盘点"),
    "ADJUST": ("adjustment", "调整"),
}

STATUSES: dict[str, str] = {
    "ZP": "sellable",  # 正品
    "CC": "damaged",  # 残次
    "JS": "damaged",  # 机损
    "XS": "damaged",  # 箱损
    "DJ": "hold",  # 冻结
}
IN_TRANSIT = "ZT"  # 在途: not yet stock of the warehouse

# a receipt of defective goods that does not say which stock it is is not for sale
USUAL = {"CCRK": "CC"}

FAR_END: dict[str, tuple[str, ...]] = {
    "transfer_out": ("toWarehouseCode", "targetWarehouseCode", "inWarehouseCode"),
    "transfer_in": ("fromWarehouseCode", "sourceWarehouseCode", "outWarehouseCode"),
}
"""Where the other warehouse of a transfer may be named: transferorder.report's names first."""

Moved = Inbound | Outbound | Return | TransferIn | TransferOut | Adjustment

_KINDS: dict[str, tuple[type[Moved], dict[str, Any]]] = {
    "inbound": (Inbound, {}),
    "outbound": (Outbound, {}),
    "customer": (Return, {"direction": "customer"}),
    "supplier": (Return, {"direction": "supplier"}),
    "transfer_in": (TransferIn, {}),
    "transfer_out": (TransferOut, {}),
    "gain": (Adjustment, {"direction": "gain"}),
    "loss": (Adjustment, {"direction": "loss"}),
}
_GAINS = frozenset({"inbound", "customer", "transfer_in"})


def role(order_type: str) -> str:
    """Return what an order type is here; an unknown one is an adjustment."""
    return ORDER_TYPES.get(order_type, ("adjustment", ""))[0]


def movement(
    order_type: str,
    quantity: Decimal,
    facts: dict[str, Any],
    *,
    other: str | None = None,
    counted: bool = False,
) -> Moved:
    """Return the movement of a signed quantity ≠ 0; what a count found is an adjustment.

    `other` is the far end of a transfer. `facts` are the fields of a movement but the quantity;
    its `reason` is what the sender said, its `line_id` that of the order that `document` names,
    if this kind of movement has an order.
    """
    kind, note = _kind("CHECK" if counted else order_type, other, gain=quantity > 0)
    said = (order_type, note, facts["reason"])
    of_order = {"inbound", "outbound"} >= {kind, role(order_type)} and facts["document"]
    fields = facts | {
        "quantity": abs(quantity),
        "reason": "; ".join(word for word in said if word),
        "order_id": facts["document"] if of_order else None,
        "line_id": facts["line_id"] if of_order else None,
        "counterpart": other if kind in FAR_END else None,
    }
    struct, direction = _KINDS[kind]
    event = struct(**fields, **direction)
    check(event)
    return event


def _kind(order_type: str, other: str | None, *, gain: bool) -> tuple[str, str]:
    """Return the kind of a movement, and a note where the order type alone does not tell it."""
    kind, change = role(order_type), "gain" if gain else "loss"
    if not order_type:
        return change, "no order type 无单据类型"
    if order_type not in ORDER_TYPES:
        return change, "unknown order type 未知单据类型"
    if kind == "adjustment":
        return change, ""
    if gain != (kind in _GAINS):
        return change, "sign against the type 数量方向与单据类型相反"
    if kind in FAR_END and other is None:
        return ("inbound" if gain else "outbound"), "other warehouse unknown 对方仓库未知"
    return kind, ""
