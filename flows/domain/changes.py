"""What one batch of one partition changes: to be written in one transaction."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from flows.domain.days import Day
from flows.domain.episodes import ActionRow, AlertRow, EpisodeKey, EpisodeRow
from flows.domain.lag import Timing
from flows.domain.rows import (
    BlockKey,
    CancelRow,
    CellRow,
    Counters,
    CountRow,
    DeviceRow,
    Entry,
    HistoryRow,
    IdRun,
    LineRow,
    LotRow,
    MasterRow,
    PolicyRow,
    RejectRow,
    Row,
    StockRow,
    TransferRow,
)


class Changes(Struct):
    """Everything that one batch of one partition changes."""

    next_offset: int = 0
    last_offset: int = 0
    clock_at: datetime | None = None
    counters: Counters = field(default_factory=Counters)
    movements: list[Row] = field(default_factory=list)
    journal: list[Entry] = field(default_factory=list)
    stock: list[StockRow] = field(default_factory=list)
    history: list[HistoryRow] = field(default_factory=list)
    cells: list[CellRow] = field(default_factory=list)
    lots: list[LotRow] = field(default_factory=list)
    orders: dict[tuple[str, str, str, str], LineRow | None] = field(default_factory=dict)
    purchases: dict[tuple[str, str, str, str], LineRow | None] = field(default_factory=dict)
    transfers: dict[tuple[str, str, str, str], TransferRow] = field(default_factory=dict)
    counts: list[CountRow] = field(default_factory=list)
    cancels: list[CancelRow] = field(default_factory=list)
    policies: dict[tuple[str, str, str, str], PolicyRow] = field(default_factory=dict)
    items: dict[str, MasterRow] = field(default_factory=dict)
    warehouses: dict[str, MasterRow] = field(default_factory=dict)
    bins: dict[tuple[str, str], MasterRow] = field(default_factory=dict)
    rejects: list[RejectRow] = field(default_factory=list)
    ticks: list[tuple[datetime, int]] = field(default_factory=list)
    runs: list[IdRun] = field(default_factory=list)
    dropped_runs: list[int] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)
    devices: list[DeviceRow] = field(default_factory=list)
    reached_back: bool = False
    """Days before the last were worked out again: sums may have come to nothing."""
    days: dict[tuple[str, str, int], Day | None] = field(default_factory=dict)
    turnover: dict[tuple[str, str, int], list[int]] = field(default_factory=dict)
    """By (warehouse, category, day), what to add: issues, issue_cost, net, moment, value_net and
    value_moment."""
    demand: dict[tuple[str, str, int], int] = field(default_factory=dict)
    """Issues of closed days of (warehouse, sku, day); 0 takes the row away."""
    blocks: dict[BlockKey, int] = field(default_factory=dict)
    """The bits of changed blocks of numbers; without any, the block is gone."""
    alerts: list[AlertRow] = field(default_factory=list)
    """Transitions in the order of the log."""
    episodes: dict[EpisodeKey, EpisodeRow] = field(default_factory=dict)
    steps: list[ActionRow] = field(default_factory=list)
    """Actions as each change of their state left them, in the order of the log."""
    actions: dict[str, ActionRow] = field(default_factory=dict)
