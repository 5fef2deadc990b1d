"""The reject limit judges the last messages, however the stream is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flows.domain.limit import RejectLimit


def passed_at(flags, cuts, window, share):
    """Return the message at which the limit was passed, feeding batches that end at `cuts`."""
    limit, start = RejectLimit(window, share), 0
    for end in [*sorted(set(cuts)), len(flags)]:
        batch = flags[start:end]
        found = limit.passed_by(len(batch), [n for n, bad in enumerate(batch) if bad])
        if found is not None:
            return start + found
        start = end
    return None


def obvious(flags, window, share):
    """Return the same by looking at every window."""
    for at in range(window - 1, len(flags)):
        if sum(flags[at - window + 1 : at + 1]) > window * share:
            return at
    return None


def test_nothing_is_judged_before_the_window_is_full():
    """Nine refusals of nine are not yet too many of ten."""
    limit = RejectLimit(10, 0.05)
    assert limit.passed_by(9, range(9)) is None
    assert limit.passed_by(1) == 0


@given(
    st.lists(st.booleans(), max_size=60),
    st.lists(st.integers(0, 60), max_size=6),
    st.integers(1, 12),
    st.sampled_from([0.05, 0.3, 0.5, 0.9]),
)
def test_batches_make_no_difference(flags, cuts, window, share):
    """The answer is that of looking at every window of the stream, message by message."""
    cuts = [cut for cut in cuts if cut <= len(flags)]
    assert passed_at(flags, cuts, window, share) == obvious(flags, window, share)
