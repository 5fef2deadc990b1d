"""Alerts and actions of random logs: the fold against the model, any batches, any restarts.

`HYPOTHESIS_PROFILE=long` draws thousands of fresh examples; without it the examples are the same
in every run.
"""

from __future__ import annotations

import os
from itertools import pairwise

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flows.domain.rules import RANK
from tests.alert_folding import Both, Engine, Picked, about, by_key, messages, shown
from tests.alert_logs import alert_logs

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


def examples(most: int):
    """Return the settings of a property that is tried so often."""
    return settings(
        max_examples=3000 if LONG else most,
        derandomize=not LONG,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@examples(150)
@given(alert_logs())
def test_the_fold_raises_what_the_model_raises(drawn):
    """After every message: the same transitions, the same open alerts, the same actions."""
    both = Both()
    for event in drawn:
        known = event.of(both.engine) if isinstance(event, Picked) else event
        if known is None:
            continue
        both.read(known)
        log = shown(both.log)
        model, engine = both.sides
        assert by_key(engine.told) == by_key(model.told), log
        assert by_key(engine.steps) == by_key(model.actions.steps), log
        standing = {about(row): row.state for row in engine.actions() if row.standing}
        assert standing == {k: row.state for k, row in model.actions.standing.items()}, log
        opened = {row.key: (row.severity, row.state) for row in engine.open_alerts()}
        wanted = {k: (row.severity, row.state) for k, row in model.episodes.items()}
        assert opened == wanted, log


def rows_of(engine: Engine):
    """Return every row of alerts and actions; what lies between keys has no order."""
    alerts: dict[object, list[object]] = {}
    for row in engine.store.told.alerts:
        alerts.setdefault(row.episode.key, []).append(row)
    return alerts, engine.store.told.episodes, engine.store.told.actions


@examples(150)
@given(alert_logs(max_size=40), st.data())
def test_any_batches_and_restarts_give_the_same_rows(drawn, data):
    """A log cut at will, by processes that start again and remember little, tells the same."""
    one = Engine()
    log = list(messages(drawn, one))
    cuts = data.draw(st.lists(st.integers(0, len(log)), max_size=8))
    edges = [0, *sorted(set(cuts) - {0, len(log)}), len(log)]
    other = Engine(accounts=data.draw(st.sampled_from((0, 1, 1000))))
    cold = data.draw(st.booleans())
    for first, last in pairwise(edges):
        if cold:
            other.restart()
        other.fold(log[first:last])
    story = f"{shown(log)}\ncut at {edges}"
    for got, wanted in zip(rows_of(other), rows_of(one), strict=True):
        for key in sorted({*got, *wanted}, key=str):
            assert got.get(key) == wanted.get(key), f"{key}{story}"


@examples(100)
@given(alert_logs(max_size=40))
def test_episodes_open_once_and_end_once(drawn):
    """Of one key at most one episode is open, and each transition follows from the one before."""
    engine = Engine()
    list(messages(drawn, engine))
    for key, told in by_key(engine.told).items():
        severity = None
        for _, transition, new in told:
            rank, before = RANK[new], RANK[severity]
            assert (severity is None) == (transition == "opened"), key
            assert transition != "escalated" or rank > before, key
            assert transition != "eased" or rank < before, key
            assert transition in {"opened", "escalated", "eased"} or new == severity, key
            severity = None if transition == "resolved" else new
        open_rows = [row for row in engine.open_alerts() if row.key == key]
        assert [row.severity for row in open_rows] == ([severity] if severity else []), key
