"""The rules as data: what raises an alert, how severe it is, when it ends, who is told.

Pure: numbers in, severities out. Quantities are in 1/10000 units. The conditions in words are in
SEMANTICS.md; thresholds come from policies; texts are in the catalogue under `rule.<name>`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import Struct

Severity = Literal["info", "warning", "critical"]
RANK: dict[str | None, int] = {None: 0, "info": 1, "warning": 2, "critical": 3}
LEAST, MOST = -(1 << 200), 1 << 200
"""Below and above every quantity."""


class Rule(Struct, frozen=True):
    """One rule; another condition or other thresholds of ours make another `version`.

    A finding is about an event, not about a state: a person may say that it is settled.
    A watched rule looks at the tables from outside and is no part of the fold.
    """

    name: str
    roles: tuple[str, ...]
    version: int = 1
    finding: bool = False
    watched: bool = False

    @property
    def runbook(self) -> str:
        """The section of the runbook that says what to do."""
        return self.name.replace("_", "-")


_SHORTAGE = ("purchasing", "operations")
_SECURITY = ("warehouse_supervisor",)
RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("stock_out", _SHORTAGE),
        Rule("below_safety", _SHORTAGE),
        Rule("overstock", _SHORTAGE),
        Rule("predicted_stock_out", _SHORTAGE),
        Rule("negative_stock", ("warehouse",)),
        Rule("near_expiry", ("sales", "clearance")),
        Rule("expired", ("sales", "clearance")),
        Rule("transfer_late", ("warehouse", "logistics")),
        Rule("outbound_mismatch", ("warehouse",), finding=True),
        Rule("bin_overweight", _SECURITY),
        Rule("shrinkage", _SECURITY, finding=True),
        Rule("unexplained_move", _SECURITY, finding=True),
        Rule("high_value_unrecorded", _SECURITY, finding=True),
        Rule("dead_stock", ("operations",)),
        Rule("zone_full", ("operations",), watched=True),
        Rule("zone_idle", ("operations",), watched=True),
        Rule("device_silent", ("platform",), watched=True),
        Rule("sequence_gap", ("platform",), watched=True),
        Rule("lag_high", ("platform",), watched=True),
        Rule("invariant_drift", ("platform",), watched=True),
    )
}
ACTION_ROLES = {
    "replenishment": ("purchasing",),
    "clearance": ("sales", "clearance"),
    "expedite": ("logistics",),
    "rebalance": ("operations", "warehouse"),
}


class Band(NamedTuple):
    """Thresholds on a number of which less is worse; negate one of which more is worse.

    Open and critical below `open` and `critical`; critical no more from `ease` on, resolved from
    `resolve` on.
    """

    open: int
    resolve: int
    critical: int = LEAST
    ease: int = LEAST


class Verdict(NamedTuple):
    """The severity that holds now, and the numbers from `low` to below `high` that keep it."""

    severity: Severity | None
    low: int
    high: int


def judge(band: Band, value: int, known: str | None) -> Verdict:
    """Return the verdict on a value; `known` is the severity of the open episode, if any."""
    if value < band.critical or (known == "critical" and value < band.ease):
        return Verdict("critical", LEAST, max(band.ease, band.critical))
    if value < band.open or (known is not None and value < band.resolve):
        return Verdict("warning", band.critical, max(band.resolve, band.open))
    return Verdict(None, band.open, MOST)
