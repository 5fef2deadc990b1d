"""The water level: one word for how a SKU stands at a warehouse."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from flows.domain.master import Limits


def water_level(
    available: int, on_hand: int, limits: Limits, safety: int, reorder_point: int
) -> str:
    """Return red, yellow, over or green.

    Red: available below safety stock by more than the policy's share; yellow: at or below the
    larger of safety stock and reorder point; over: more on hand than max stock. What is short is
    never called over: it needs the purchaser first.
    """
    if available < red_line(safety, limits.red_share):
        return "red"
    if available <= max(safety, reorder_point):
        return "yellow"
    if limits.max_stock is not None and on_hand > limits.max_stock:
        return "over"
    return "green"


def red_line(safety: int, share: Decimal) -> int:
    """Return the stock below which the level is red."""
    return int((safety * share).to_integral_value(ROUND_CEILING)) if safety else 0
