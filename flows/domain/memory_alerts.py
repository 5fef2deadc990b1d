"""Alerts and actions of the store in memory, and what lies in which bin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from flows.domain.changes import Changes
from flows.domain.episodes import ActionRow, AlertRow, EpisodeKey, EpisodeRow
from flows.domain.rows import Key


class AlertTables:
    """The tables alerts, alert_state and actions of one log partition."""

    def __init__(self) -> None:
        """Start empty."""
        self.alerts: list[AlertRow] = []
        self.episodes: dict[EpisodeKey, EpisodeRow] = {}
        self.actions: dict[str, ActionRow] = {}
        self._open: dict[Key, dict[EpisodeKey, EpisodeRow]] = defaultdict(dict)
        self._standing: dict[Key, dict[str, ActionRow]] = defaultdict(dict)
        self._lying: dict[tuple[str, str], dict[tuple[str, str, str], int]] = defaultdict(dict)

    def apply(self, changes: Changes) -> None:
        """Take a batch over."""
        self.alerts.extend(changes.alerts)
        self.episodes.update(changes.episodes)
        for key, row in changes.episodes.items():
            known = self._open[Key(key.warehouse, key.sku)]
            known.pop(key, None)
            if row.state != "resolved":
                known[key] = row
        self.actions.update(changes.actions)
        for name, action in changes.actions.items():
            standing = self._standing[Key(action.warehouse, action.sku)]
            standing.pop(name, None)
            if action.standing:
                standing[name] = action
        for cell in changes.cells:
            lying = self._lying[cell.warehouse, cell.bin]
            lying.pop((cell.sku, cell.lot, cell.status), None)
            if cell.quantity:
                lying[cell.sku, cell.lot, cell.status] = cell.quantity

    def open_of(self, keys: Iterable[Key]) -> list[EpisodeRow]:
        """Return the episodes of accounts that are not resolved."""
        return [row for key in keys if key in self._open for row in self._open[key].values()]

    def open_of_bins(self) -> list[EpisodeRow]:
        """Return the episodes of bins that are not resolved."""
        return [row for key, rows in self._open.items() if not key.sku for row in rows.values()]

    def standing_of(self, keys: Iterable[Key]) -> list[ActionRow]:
        """Return the actions of accounts that stand."""
        known = self._standing
        return [row for key in keys if key in known for row in known[key].values()]

    def bin_stock(self, keys: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str, str, int]]:
        """Yield (warehouse, bin, sku, quantity) of what lies in bins."""
        for key in keys:
            for (sku, _, _), quantity in self._lying.get(key, {}).items():
                yield *key, sku, quantity

    def owner(self, name: str) -> tuple[str, str, str] | None:
        """Return (warehouse, sku, bin) of an alert or an action by its id."""
        action = self.actions.get(name)
        if action is not None:
            return action.warehouse, action.sku, ""
        for key, row in self.episodes.items():
            if row.alert_id == name:
                return key.warehouse, key.sku, key.bin
        return None
