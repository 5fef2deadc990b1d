"""When a message is tried again, and when a receiver is left alone."""

from __future__ import annotations

import pytest

from flows.domain.retries import circuit, pause


@pytest.mark.parametrize(
    ("attempt", "longest"), [(1, 5), (2, 10), (3, 20), (11, 5120), (20, 14_400), (10_000, 14_400)]
)
def test_pauses_double_up_to_the_longest(attempt, longest):
    """With full jitter a pause is anything from nothing to that."""
    assert pause(attempt, 1.0, 5, 14_400) == longest
    assert pause(attempt, 0.0, 5, 14_400) == 0
    assert pause(attempt, 0.5, 5, 14_400) == longest / 2


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, None), (4, None), (5, 30), (6, 60), (8, 240), (9, 300), (10_000, 300)],
)
def test_a_circuit_opens_after_five_failures(failures, seconds):
    """It stays open longer each time, five minutes at most: who is back is not kept waiting."""
    assert circuit(failures, 30, 300) == seconds
