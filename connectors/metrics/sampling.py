"""A figure that is read again and again in a thread of its own, so that asking never blocks long.

Enters: a function that reads, and how often. Leaves: its last value, how old that is, and what is
wrong. Whatever the function raises is kept as a sentence; the next try comes all the same.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
EVERY = 5.0
YOUNG = 1.0
"""Seconds for which a value is given again rather than read again."""
SILENCE = 2.0
"""Seconds after which a try that has not come back counts as no answer."""


class Sampler(Generic[T]):
    """Reads every `every` seconds, and when asked for something fresh."""

    def __init__(self, name: str, read: Callable[[], T], every: float = EVERY) -> None:
        """Read nothing yet."""
        self._read, self._every = read, every
        self._closed = False
        self._asked = False
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._error: str | None = None
        self._began: float | None = None
        self._tried = float("-inf")
        self.value: T | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Read no more; a try that hangs is left behind, its thread ends with the process."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        if self._thread.is_alive():
            self._thread.join(0.2)

    def ask(self) -> None:
        """Have a value read now, unless the last is young."""
        with self._change:
            if time.monotonic() - self._tried > YOUNG:
                self._asked = True
                self._change.notify_all()

    def wait(self, deadline: float) -> None:
        """Wait for what was asked, until monotonic `deadline`, and not for a try that hangs."""
        with self._change:
            while self._asked and not self._silent() and not self._closed:
                left = deadline - time.monotonic()
                if left <= 0:
                    return
                self._change.wait(min(left, 0.1))

    @property
    def problem(self) -> str | None:
        """What is wrong now, as a sentence; None when the last try went well."""
        with self._change:
            if self._silent():
                return "no answer"
            return self._error

    @property
    def tried(self) -> bool:
        """Whether a first try has come back."""
        return self._tried > 0

    def _silent(self) -> bool:
        return self._began is not None and time.monotonic() - self._began > SILENCE

    def _work(self) -> None:
        while not self._closed:
            self._try()
            with self._change:
                self._change.wait_for(lambda: self._asked or self._closed, self._every)

    def _try(self) -> None:
        with self._change:
            self._began, self._asked = time.monotonic(), True
        error: str | None = None
        try:
            self.value = self._read()
        except Exception as wrong:  # noqa: BLE001 - whatever it is, the next try may go well
            error = " ".join(str(wrong).split()) or type(wrong).__name__
        with self._change:
            self._error, self._began, self._asked = error, None, False
            self._tried = time.monotonic()
            self._change.notify_all()
