"""The one error of the local stack: a sentence for a person, with what to do next."""

from __future__ import annotations

ELSEWHERE = "use deploy/compose.yaml, or set WATERLINE_DSN and WATERLINE_BROKERS"


class StackError(Exception):
    """The stack could not be started, stopped or read; the text is one sentence for a person."""

    exit_code = 1
