"""A state that went through its file, against the one that never did, for drawn sets of events."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flows import audit_state
from flows.audit_tables import TABLES
from flows.domain.ledger import Ledger, cut
from flows.domain.memory import MemoryStore
from tests.builders import BROKER_TIME
from tests.folding import read
from tests.strategies import event_sets, shuffle


def through_the_file(store):
    """Return the store as a state gives it back."""
    stores = {}
    for kind, piece in audit_state._pieces(store):
        audit_state._restore(stores, audit_state.Part(0, kind, 0, 0, ""), piece)
    return stores[0]


def folded(batches, between):
    """Fold batches, each by a new ledger on what `between` makes of the store."""
    store = MemoryStore(0, "Asia/Shanghai")
    offset = 0
    for batch in batches:
        store = between(store)
        ledger = Ledger(0, store, "Asia/Shanghai", lambda _: True)
        log = [(offset + n, BROKER_TIME, read(event)) for n, event in enumerate(batch)]
        for piece in cut(log):
            store.apply(ledger.fold(piece))
        offset += len(batch)
    return between(store)


def rows(store):
    """Return what an audit would compare, table by table."""
    return {table.name: Counter(table.expected([store])) for table in TABLES}


@given(event_sets(), st.integers(0, 10_000), st.lists(st.integers(0, 60), max_size=3))
@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_a_fold_that_goes_on_from_a_state_gives_the_same_tables(events, order, cuts):
    """Whatever the events, wherever it was saved: every row that an audit compares is the same."""
    log = shuffle(events, order)
    log += log[: len(log) // 3]
    edges = [0, *sorted(min(cut, len(log)) for cut in cuts), len(log)]
    batches = [log[a:b] for a, b in pairwise(edges)]
    assert rows(folded(batches, through_the_file)) == rows(folded(batches, lambda store: store))
