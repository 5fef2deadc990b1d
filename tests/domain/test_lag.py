"""Lag: stages, kinds, quantiles."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.domain.lag import BUCKETS, STAGES, measure, quantile
from tests.builders import BROKER_TIME

SECOND = timedelta(seconds=1)
MINUTE = BROKER_TIME.replace(second=0, microsecond=0)


def timing(occurred, recorded=None, sent=None, broker=0.0, warehouse="A"):
    """Return a timing whose times are seconds before BROKER_TIME."""
    times = [None if s is None else BROKER_TIME - s * SECOND for s in (occurred, recorded, sent)]
    return (warehouse, *times, BROKER_TIME - broker * SECOND)


def test_each_stage_is_measured_from_the_one_before():
    """Occurred 5 s, recorded 4 s, sent 2 s, on the log 1 s before the commit."""
    [(key, lag)] = measure([timing(5, 4, 2, 1)], BROKER_TIME).items()
    assert key == (MINUTE, "A", "live")
    assert (lag.events, lag.over_1s, lag.over_3s) == (1, 1, 1)
    medians = dict(zip(STAGES, [stage[0] for stage in lag.quantiles()], strict=True))
    expected = {"total": 5, "to_recorded": 1, "to_sent": 2, "to_broker": 1, "to_committed": 1}
    assert medians == {name: pytest.approx(value, rel=0.1) for name, value in expected.items()}


def test_what_is_not_stated_counts_in_no_stage():
    """Without recorded_at and sent_at the way goes from occurred to the broker."""
    [lag] = measure([timing(3, broker=1)], BROKER_TIME).values()
    assert [int(stage.sum()) for stage in lag.stages] == [1, 0, 0, 1, 1]
    assert lag.quantiles()[3][0] == pytest.approx(2, rel=0.1)


def test_held_rows_and_history_are_counted_apart():
    """Sent long after it happened: offline; on the log long after, without a word: replay."""
    timings = [timing(1), timing(3600, 3600, 2), timing(86_400), timing(2, warehouse="B")]
    found = measure(timings, BROKER_TIME)
    assert {(w, kind): lag.events for (_, w, kind), lag in found.items()} == {
        ("A", "live"): 1, ("A", "offline"): 1, ("A", "replay"): 1, ("B", "live"): 1,
    }  # fmt: skip


@given(st.lists(st.floats(0.001, 30_000), min_size=1, max_size=200), st.sampled_from((0.5, 0.99)))
def test_a_quantile_is_never_too_low_and_at_most_a_tenth_too_high(lags, q):
    """Against the sorted list of all lags."""
    [lag] = measure([timing(s, broker=s, sent=s) for s in lags], BROKER_TIME).values()
    exact = sorted(lags)[int(np.ceil(q * len(lags))) - 1]
    told = quantile(lag.stages[0], q)
    assert exact * 0.9999 - 1e-5 <= told <= exact * 1.1001 + 1e-5


def test_the_longest_lags_share_the_last_bucket():
    """A lag of a year is not lost, and a clock that is ahead counts as no lag."""
    [lag] = measure([timing(-5), timing(-5, broker=0)], BROKER_TIME).values()
    assert lag.stages[0][0] == 2
    [lag] = measure([timing(10**8)], BROKER_TIME).values()
    assert lag.stages[0][BUCKETS - 1] == 1
