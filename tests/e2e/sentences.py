"""Alerts and actions with the sentences that they are told in."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from flows.domain.episodes import ActionRow, AlertRow, EpisodeKey, EpisodeRow

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
MILK = {"name": "oat milk 1 L", "name_zh": "燕麦奶 1 L"}


def alert(rule: str, observed: dict[str, Any], transition: str = "opened", **more: Any) -> AlertRow:
    """Return a transition; `more` are parts of the key, `threshold`, `events`, `actor`, `note`."""
    key = {name: more[name] for name in EpisodeKey._fields if name in more}
    episode = EpisodeRow(
        EpisodeKey(rule, **{"warehouse": "SH", **key}), "a1", 1, "warning", "open", NOW, NOW, None,
        more.get("threshold"), observed, more.get("events", ()), 7,
    )  # fmt: skip
    return AlertRow(transition, NOW, episode, 7, more.get("actor"), more.get("note"))


def action(kind: str, payload: dict[str, Any], state: str = "proposed", **more: Any) -> ActionRow:
    """Return an action of 360 at 3.5 each in a state."""
    row = ActionRow(
        "r1", kind, "SH", "S1", more.pop("lot", ""), "", state, standing=True, approval="manual",
        quantity=3600000, value=Decimal("1260.0000"), payload=payload, rule=None, alert_id=None,
        events=(), proposed_at=NOW, offset=7,
    )  # fmt: skip
    for name, value in more.items():
        setattr(row, name, value)
    return row


SHORT = {
    **MILK, "on_hand": 45, "on_hold": 0, "reserved": Decimal("3.5000"),
    "available": Decimal("41.5000"), "in_transit": 0, "safety_stock": 100,
    "demand_per_day": Decimal("12.4321"), "days_of_cover": Decimal("3.34"), "receipts": 3,
    "receipts_due": 0,
}  # fmt: skip
ITEM = {"sku": "S1"}
LOT = {"sku": "S1", "lot": "L1"}
LATE = {**MILK, "document": "T1", "from": "BJ", "shipped": 100, "received": 40, "lost": 0,
        "in_transit": 60, "due_at": "2026-11-22T06:00:00+00:00", "minutes_late": 1650}  # fmt: skip
MOVED = {**MILK, "type": "scrap", "quantity": 3, "value": Decimal("29.70"), "operator": "张三"}
DRIFT = {
    "invariant": "reserved", "checked": 1200, "wrong": 1, "drift": "10",
    "worst": [{"warehouse": "A", "sku": "S1", "expected": "0", "found": "10"}],
}  # fmt: skip
ROOM = {"zone": "A", "occupancy": Decimal("96.25"), "bins": 120, "free_bins": 3}
OPENED = [
    ("stock_out", {**SHORT, "available": Decimal("-1.5"), "on_hold": 2, "receipts_due": 2}, ITEM,
     ("SH · oat milk 1 L: nothing available: 45 on hand, 2 on hold, 3.5 reserved, safety stock 100,"
     " sells 12.4 a day; 3 receipts, 2 due"),
     ("SH · 燕麦奶 1 L：无可用库存：在库 45，冻结 2，已订未发 3.5，安全库存 100，日均出库 12.4；"
     "未到货采购 3 笔，近期到货 2 笔")),
    ("below_safety", SHORT, ITEM,
     ("SH · oat milk 1 L: 41.5 left, safety stock 100, sells 12.4 a day, lasts 3.3 days;"
     " 3 receipts, none due"),
     ("SH · 燕麦奶 1 L：可用 41.5，安全库存 100，日均出库 12.4，可支撑 3.3 天；"
     "未到货采购 3 笔，近期均不到")),
    ("overstock", {"on_hand": 12500, "max_stock": 6000, "incoming": 20}, ITEM,
     "SH · S1: 12,500 on hand, maximum 6,000; 20 more on order",
     "SH · S1：在库 12,500，超过库存上限 6,000；采购未到 20"),
    ("negative_stock", {"on_hand": -3}, ITEM,
     "SH · S1: -3 on hand: more went out than came in; scans are missing or wrong",
     "SH · S1：账面库存 -3：出多于入，可能漏扫或错扫"),
    ("predicted_stock_out",
     {**SHORT, "stock_out_on": "2026-11-24", "below_safety_on": "2026-11-23", "receipts": 1}, ITEM,
     ("SH · oat milk 1 L: runs out Tue 24 Nov, below safety stock from Mon 23 Nov: 41.5 left,"
     " sells 12.4 a day; 1 receipt, not due"),
     ("SH · 燕麦奶 1 L：预计11月24日（周二）断货，11月23日（周一）起低于安全库存："
     "可用 41.5，日均出库 12.4；未到货采购 1 笔，近期不到")),
    ("near_expiry", {**MILK, "quantity": 8, "expires_on": "2027-01-01", "days_to_expiry": 39,
                     "value": Decimal("28.000")}, LOT,
     "SH · oat milk 1 L · lot L1: 8 left, expires Fri 1 Jan 2027 (in 39 days), worth 28",
     "SH · 燕麦奶 1 L · 批次 L1：剩余 8，2027年1月1日（周五）到期（39 天后），货值 28"),
    ("expired", {**MILK, "quantity": 8, "expires_on": "2026-11-22", "days_to_expiry": -1}, LOT,
     "SH · oat milk 1 L · lot L1: 8 left, expired Sun 22 Nov (yesterday)",
     "SH · 燕麦奶 1 L · 批次 L1：剩余 8，11月22日（周日）已过期（昨天）"),
    ("transfer_late", LATE, {**ITEM, "subject": "T1"},
     ("SH · oat milk 1 L: transfer T1 from BJ: 60 of 100 not here, due Sun 22 Nov 06:00 UTC,"
     " 1 d 3 h late"),
     ("SH · 燕麦奶 1 L：调拨单 T1（自 BJ）：100 中 60 未到，应于11月22日（周日）06:00 UTC 到货，"
     "已逾期 1 天 3 小时")),
    ("outbound_mismatch", {"order_id": "O1", "reason": "not_on_order", "shipped": 2}, ITEM,
     "SH · S1: order O1: 2 shipped, but it is not on the order",
     "SH · S1：订单 O1：已发 2，但订单中无此商品"),
    ("outbound_mismatch", {"order_id": "O1", "reason": "quantity", "shipped": 12, "ordered": 10,
                           "cancelled": 1, "difference": 3}, ITEM,
     "SH · S1: order O1: 12 shipped, 10 ordered, 1 cancelled; difference +3",
     "SH · S1：订单 O1：已发 12，订购 10，取消 1；差异 +3"),
    ("bin_overweight", {"weight": Decimal("560.1234"), "limit": 500, "over": Decimal("60.1234")},
     {"bin": "B-01"},
     "SH · bin B-01: 560.12 kg, limit 500 kg: 60.12 kg too heavy",
     "SH · 库位 B-01：载重 560.12 kg，限重 500 kg，超重 60.12 kg"),
    ("shrinkage", {**MILK, "expected": 20, "counted": 17, "missing": 3, "value": Decimal("10.5"),
                   "operator": "张三", "document": "C7"}, {**LOT, "bin": "B-01", "subject": "e9"},
     ("SH · oat milk 1 L · lot L1 · bin B-01: 3 missing: 17 counted, 20 expected, worth 10.5;"
     " counted by 张三, document C7"),
     ("SH · 燕麦奶 1 L · 批次 L1 · 库位 B-01：盘亏 3：实盘 17，账面 20，金额 10.5；"
     "盘点人 张三，盘点单 C7")),
    ("unexplained_move", {**MOVED, "reason": "no_document", "times": 2}, ITEM,
     ("SH · oat milk 1 L: 3 left (scrap) without order, document or reason, 2 times, worth 29.7,"
     " by 张三"),
     "SH · 燕麦奶 1 L：报废 3，无订单、无单据、无原因，共 2 次，金额 29.7，操作人 张三"),
    ("unexplained_move", {"reason": "negative_bin", "quantity": 3}, {**ITEM, "bin": "B-01"},
     "SH · S1 · bin B-01: 3 more taken out than the bin held",
     "SH · S1 · 库位 B-01：取出比库位存量多 3"),
    ("high_value_unrecorded", {**MOVED, "type": "outbound", "times": 1, "operator": None}, ITEM,
     "SH · oat milk 1 L: 3 of high value moved (outbound) without a video, worth 29.7",
     "SH · 燕麦奶 1 L：贵重品出库 3，无监控录像，金额 29.7"),
    ("dead_stock", {"on_hand": 4, "idle_days": 91, "issued_on": "2026-08-24"}, ITEM,
     "SH · S1: 4 on hand, nothing went out for 91 days (last Mon 24 Aug)",
     "SH · S1：在库 4，已 91 天无出库（最近一次8月24日（周一））"),
    ("zone_full", ROOM, {"subject": "A"},
     "SH: zone A is 96.2 % full, 3 of 120 bins free",
     "SH：库区 A 占用率 96.2%，120 个库位中空闲 3 个"),
    ("zone_idle", {**ROOM, "occupancy": 4, "free_bins": 110}, {"subject": "A"},
     "SH: zone A is only 4 % full for a day, 110 of 120 bins free",
     "SH：库区 A 占用率仅 4%，已持续一天，120 个库位中空闲 110 个"),
    ("device_silent",
     {"device": "PDA-7", "minutes": 200, "last_seen_at": "2026-11-23T14:10:00+08:00"},
     {"subject": "PDA-7"},
     "SH: device PDA-7 not heard of for 3 h 20 min, last Mon 23 Nov 14:10 +08:00",
     "SH：设备 PDA-7 已 3 小时 20 分钟无数据，最近一次11月23日（周一）14:10 +08:00"),
    ("sequence_gap", {"device": "PDA-7", "missing": 4, "holes": ["5-7", "9-9"], "last_seq": 12345},
     {"subject": "PDA-7"},
     "SH: device PDA-7: numbers missing: 4 (5-7, 9-9), last number 12345",
     "SH：设备 PDA-7：缺号 4 个（5-7, 9-9），最新序号 12345"),
    ("lag_high", {"p50": 1.5, "p95": 12.345, "p99": 30, "events": 5000},
     {"warehouse": "", "threshold": Decimal(3)},
     "from scan to table takes 12.3 s (p95), allowed 3 s; p50 1.5 s, p99 30 s, 5,000 events",
     "从扫描到入库耗时 12.3 秒（p95），允许 3 秒；p50 1.5 秒，p99 30 秒，共 5,000 条"),
    ("invariant_drift", DRIFT, {"warehouse": "", "subject": "reserved"},
     ("The tables disagree: 'reserved = Σ of the open order lines' does not hold for 1 of 1,200"
     " figures, drift 10; the largest: A / S1 is 10, should be 0"),
     ("数据不一致：“已订未发 = 未关闭订单行之和”在 1,200 个数值中有 1 个不成立，偏差 10；"
     "最大的一处：A / S1 为 10，应为 0")),
]  # fmt: skip
RESOLVED = [
    ("stock_out", SHORT, ITEM,
     "SH · oat milk 1 L: available again: 41.5, safety stock 100",
     "SH · 燕麦奶 1 L：恢复可用：可用 41.5，安全库存 100"),
    ("below_safety", SHORT, ITEM,
     "SH · oat milk 1 L: no longer below safety stock: 41.5 available, safety stock 100",
     "SH · 燕麦奶 1 L：已不低于安全库存：可用 41.5，安全库存 100"),
    ("overstock", {"on_hand": 5000}, ITEM,
     "SH · S1: no longer too much: 5,000 on hand", "SH · S1：已不超储：在库 5,000"),
    ("negative_stock", {"on_hand": 0}, ITEM,
     "SH · S1: no longer negative: 0 on hand", "SH · S1：负库存已消除：在库 0"),
    ("predicted_stock_out", {"available": 200, "stock_out_on": "2026-12-24"}, ITEM,
     "SH · S1: no longer about to run out: 200 left, lasts until Thu 24 Dec",
     "SH · S1：近期不再断货：可用 200，可支撑至12月24日（周四）"),
    ("near_expiry", {"quantity": 0, "expires_on": "2026-11-24"}, LOT,
     "SH · S1 · lot L1: no longer near expiry: nothing left",
     "SH · S1 · 批次 L1：临期已解除：已无库存"),
    ("expired", {"quantity": 2, "expires_on": "2026-11-24"}, LOT,
     "SH · S1 · lot L1: no expired goods any more: 2 left",
     "SH · S1 · 批次 L1：过期已解除：剩余 2"),
    ("transfer_late", {**LATE, "document": "", "name": None}, ITEM,
     "SH · 燕麦奶 1 L: transfer from BJ: no longer late",
     "SH · 燕麦奶 1 L：调拨单（自 BJ）：已不逾期"),
    ("outbound_mismatch", {"order_id": "O1", "reason": "quantity", "shipped": 12, "ordered": 12},
     ITEM,
     "SH · S1: order O1: shipped as ordered now: 12 shipped, 12 ordered",
     "SH · S1：订单 O1：出库与订单已相符：已发 12，订购 12"),
    ("bin_overweight", {"weight": 480, "limit": 500, "over": -20}, {"bin": "B-01"},
     "SH · bin B-01: no longer too heavy: 480 kg, limit 500 kg",
     "SH · 库位 B-01：已不超重：载重 480 kg，限重 500 kg"),
    ("shrinkage", {"expected": 17, "counted": 17, "missing": 0}, ITEM,
     "SH · S1: the missing goods are explained: 17 counted, 17 expected",
     "SH · S1：盘亏已查清：实盘 17，账面 17"),
    ("unexplained_move", {"reason": "no_document"}, ITEM,
     "SH · S1: explained or undone", "SH · S1：已查清或已撤销"),
    ("high_value_unrecorded", {}, ITEM,
     "SH · S1: the moves without a video were undone", "SH · S1：无录像的操作已撤销"),
    ("dead_stock", {"on_hand": 0}, ITEM,
     "SH · S1: no longer dead stock: nothing left", "SH · S1：已不呆滞：已无库存"),
    ("zone_full", {**ROOM, "occupancy": 80}, {},
     "SH: zone A has room again: 80 % full", "SH：库区 A 已有余量：占用率 80%"),
    ("zone_idle", {**ROOM, "occupancy": 40}, {},
     "SH: zone A is in use again: 40 % full", "SH：库区 A 已恢复使用：占用率 40%"),
    ("device_silent", {"device": "PDA-7"}, {},
     "SH: device PDA-7 is heard of again", "SH：设备 PDA-7 已恢复上报"),
    ("sequence_gap", {"device": "PDA-7"}, {},
     "SH: device PDA-7: all numbers have come", "SH：设备 PDA-7：缺号已补齐"),
    ("lag_high", {"p95": Decimal("0.4")}, {"warehouse": ""},
     "data are quick again: 0.4 s (p95)", "数据延迟已恢复：0.4 秒（p95）"),
    ("invariant_drift", {"invariant": "reserved", "worst": []}, {"warehouse": ""},
     ("The tables agree again: 'reserved = Σ of the open order lines' holds for all that was"
     " checked"),
     "数据恢复一致：“已订未发 = 未关闭订单行之和”在全部检查中成立"),
]  # fmt: skip
CHANGED = [
    ("opened", {"events": ("e1",)}, "SH · S1: 4 left; events e1", "SH · S1：可用 4；事件 e1"),
    ("opened", {"events": ("e1", "e2", "e3", "e4")},
     "SH · S1: 4 left; events e1, e2 and 2 more", "SH · S1：可用 4；事件 e1, e2 等，另有 2 个"),
    ("escalated", {}, "SH · S1: 4 left; now critical", "SH · S1：可用 4；升级为严重"),
    ("eased", {}, "SH · S1: 4 left; no longer critical", "SH · S1：可用 4；已降级，不再严重"),
    ("reminded", {},
     "SH · S1: 4 left; still open since Mon 23 Nov 09:30 UTC",
     "SH · S1：可用 4；自11月23日（周一）09:30 UTC 起仍未处理"),
    ("acknowledged", {"actor": "张三", "note": "on its way"},
     "SH · S1: below safety stock, acknowledged by 张三: on its way",
     "SH · S1：低于安全库存，张三已确认：on its way"),
    ("acknowledged", {},
     "SH · S1: below safety stock, acknowledged", "SH · S1：低于安全库存，已确认"),
    ("resolved", {"actor": "张三"},
     "SH · S1: below safety stock, settled by 张三", "SH · S1：低于安全库存，由张三处理完毕"),
]  # fmt: skip
ORDER = {**MILK, "projected": 47, "reorder_point": 120, "demand_per_day": Decimal("12.4")}
ASKED = (
    "SH · oat milk 1 L: order 360 (worth 1,260): 47 expected, reorder point 120, sells 12.4 a day"
)
ASKED_ZH = "SH · 燕麦奶 1 L：建议补货 360（金额 1,260）：预计库存 47，再订货点 120，日均出库 12.4"
MARK = {"command": "mark", "expires_on": "2026-11-30", "days_to_expiry": 7}
PROPOSED = [
    ("replenishment", ORDER, "proposed", {}, f"{ASKED}; needs a decision", f"{ASKED_ZH}；待审批"),
    ("replenishment", ORDER, "approved", {"decided_by": "李四", "reason": "urgent"},
     f"{ASKED}; approved by 李四: urgent", f"{ASKED_ZH}；李四已批准：urgent"),
    ("replenishment", ORDER, "approved", {"approval": "auto", "decided_by": "policy"},
     f"{ASKED}; approved by itself", f"{ASKED_ZH}；已自动批准"),
    ("replenishment", ORDER, "rejected", {"decided_by": "李四"},
     f"{ASKED}; rejected by 李四", f"{ASKED_ZH}；李四已驳回"),
    ("replenishment", ORDER, "sent", {}, f"{ASKED}; sent", f"{ASKED_ZH}；已下发"),
    ("replenishment", ORDER, "failed", {"reason": "no answer"},
     f"{ASKED}; could not be sent: no answer", f"{ASKED_ZH}；下发失败：no answer"),
    ("replenishment", ORDER, "withdrawn", {}, f"{ASKED}; withdrawn", f"{ASKED_ZH}；已撤回"),
    ("clearance", MARK, "approved", {"lot": "L1"},
     "SH · S1 · lot L1: mark for clearance: 360, expires Mon 30 Nov (in 7 days); approved",
     "SH · S1 · 批次 L1：标记临期促销：360，11月30日（周一）到期（7 天后）；已批准"),
    ("clearance", {**MARK, "command": "unmark"}, "done", {"lot": "L1"},
     "SH · S1 · lot L1: take the clearance mark off; done",
     "SH · S1 · 批次 L1：取消临期促销标记；已完成"),
    ("expedite", LATE, "proposed", {},
     ("SH · oat milk 1 L: ask the carrier to hurry transfer T1 from BJ: 60 on the way,"
     " was due Sun 22 Nov 06:00 UTC; needs a decision"),
     ("SH · 燕麦奶 1 L：催运调拨单 T1（自 BJ）：在途 60，原定11月22日（周日）06:00 UTC 到货；"
      "待审批")),
    ("rebalance", {"from_bin": "B-01", "to_bin": "A-02"}, "done", {},
     "SH · S1: move 360 from bin B-01 to A-02; done",
     "SH · S1：从库位 B-01 移 360 到 A-02；已完成"),
]  # fmt: skip
