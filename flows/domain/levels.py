"""The water level: one word for how a SKU stands at a warehouse."""

from __future__ import annotations

from flows.domain.master import Limits


def water_level(available: int, on_hand: int, limits: Limits, reorder_point: int | None) -> str:
    """Return red, yellow, over or green.

    Red: available below safety stock by more than the policy's share; yellow: at or below the
    larger of safety stock and reorder point; over: more on hand than max stock. What is short is
    never called over: it needs the purchaser first.
    """
    safety = limits.safety_stock or 0
    if available < limits.red_line:
        return "red"
    if available <= max(safety, reorder_point or 0):
        return "yellow"
    if limits.max_stock is not None and on_hand > limits.max_stock:
        return "over"
    return "green"
