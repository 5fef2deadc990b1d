"""What goes wrong in a way that the person at the terminal can do something about."""

from __future__ import annotations

STOPPED = 3
"""The exit code of a flow that stopped on purpose: it is not to be started again by itself."""


class Trouble(Exception):  # noqa: N818 - a sentence for a person, not an error of the program
    """One clear sentence; the command prints it without a traceback and ends with `exit_code`."""

    def __init__(self, sentence: str, exit_code: int = 1) -> None:
        """Keep the sentence and the exit code."""
        super().__init__(sentence)
        self.exit_code = exit_code


def one_line(words: object) -> str:
    """Return what an error (or a text) says without its line breaks and runs of blanks."""
    return " ".join(str(words).split())


class NoAnswer(Trouble):
    """A server that does not answer now and may do so later."""
