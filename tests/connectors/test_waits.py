"""Long waits for the database are said, by a thread that is there while somebody works."""

from __future__ import annotations

import logging
import threading
import time

from connectors.waits import Waits


def watching(waits) -> bool:
    """Return whether a thread watches."""
    return waits._thread in threading.enumerate()


def until(true) -> None:
    """Wait until something is true."""
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_who_waits_long_is_named(caplog):
    """Once in a while, not at every look."""
    caplog.set_level(logging.WARNING)
    waits = Waits(long=0.05, every=0.01)
    with waits.of("stock 3"), waits.of("intake"):
        until(lambda: caplog.messages)
        time.sleep(0.05)
    assert caplog.messages == ["intake, stock 3: database: no answer for 0 s; waiting"]


def test_the_watch_ends_with_the_last_work_and_begins_anew():
    """No thread is left behind; the next work has one again."""
    waits = Waits(every=0.01)
    for _ in range(2):
        with waits.of("one"):
            with waits.of("other"):
                assert watching(waits)
            time.sleep(0.05)
            assert watching(waits)
        until(lambda: waits._thread is None)
