"""Which events are undone: cancels may come first, come twice, and be cancelled themselves.

An event takes effect when no effective cancel names it. The answer depends on the set of cancels,
not on their order.
"""

from __future__ import annotations

from collections.abc import Iterable

from flows.domain.rows import CancelRow


class Cancels:
    """The cancels that one partition has seen."""

    def __init__(self, rows: Iterable[CancelRow] = ()) -> None:
        """Take the stored cancels."""
        self._targets: dict[str, str] = {}
        self._by_target: dict[str, set[str]] = {}
        for row in rows:
            self._note(row.cancel_id, row.target_id)

    @property
    def any(self) -> bool:
        """Tell whether there is any cancel at all."""
        return bool(self._targets)

    def effective(self, event_id: str, _asked: frozenset[str] = frozenset()) -> bool:
        """Tell whether an event takes effect; a circle of cancels counts as not cancelled."""
        cancels = self._by_target.get(event_id)
        if not cancels:
            return True
        asked = _asked | {event_id}
        return not any(self.effective(c, asked) for c in cancels if c not in asked)

    def add(self, cancel_id: str, target_id: str) -> list[tuple[str, bool]]:
        """Note a cancel; return the events that it switches, each with its new state."""
        chain = self._chain(target_id)
        before = [self.effective(event_id) for event_id in chain]
        self._note(cancel_id, target_id)
        return [
            (event_id, not was)
            for event_id, was in zip(chain, before, strict=True)
            if self.effective(event_id) != was and event_id not in self._targets
        ]

    def _note(self, cancel_id: str, target_id: str) -> None:
        self._targets[cancel_id] = target_id
        self._by_target.setdefault(target_id, set()).add(cancel_id)

    def _chain(self, event_id: str) -> list[str]:
        chain = [event_id]
        while (target := self._targets.get(chain[-1])) is not None and target not in chain:
            chain.append(target)
        return chain
