"""What the files of alerting share: names, roles, the rules and how people group them.

The names and roles of rules are those of `flows/domain/rules.py`; a test compares them. Boards
do not import the domain, so they stand here once more.
"""

from __future__ import annotations

from flows.words import Words, words
from grafana.house import RUNBOOK, TIMEZONE, Json

__all__ = ["RUNBOOK", "TIMEZONE", "Json"]

ORG = 1
SOURCE = "waterline-alerts"
"""The data source of rules: its own small pool, so that screens cannot starve alerts."""
FOLDER = "Waterline alerts"
"""Its own folder: it is made before or after those of the boards, which have their own uids."""
TEAM = "waterline"

EN, ZH = "en", "zh-CN"
SEVERITIES = ("critical", "warning", "info")
FAMILIES = {
    "stock": (
        *("stock_out", "below_safety", "predicted_stock_out", "overstock"),
        *("negative_stock", "dead_stock"),
    ),
    "expiry": ("near_expiry", "expired"),
    "flow": ("transfer_late", "outbound_mismatch"),
    "security": ("bin_overweight", "shrinkage", "unexplained_move", "high_value_unrecorded"),
    "space": ("zone_full", "zone_idle"),
    "devices": ("device_silent", "sequence_gap"),
    "pipeline": ("lag_high", "invariant_drift"),
}
"""Family → its rules: one group of Grafana's each."""
ROLES = (
    *("purchasing", "operations", "sales", "clearance", "warehouse", "warehouse_supervisor"),
    *("logistics", "platform"),
)
PDA_ROLES = ("warehouse", "warehouse_supervisor")
"""Roles whose people carry a PDA."""
FALLBACK = "fallback"
NIGHTS = "nights"


def contact(role: str) -> str:
    """Return the name of a role's contact point."""
    return f"role-{dashed(role)}"


def pda(role: str) -> str:
    """Return the name of the contact point of a role's PDAs."""
    return f"pda-{dashed(role)}"


def dashed(name: str) -> str:
    """Return a name as a uid has it."""
    return name.replace("_", "-")


def both() -> dict[str, Words]:
    """Return the words of the flows (names of rules, severities) by the language's short name."""
    return {lang[:2]: words(lang) for lang in (EN, ZH)}
