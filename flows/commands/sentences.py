"""What a person is told when something fails: an exception becomes one sentence and a code.

Drivers' messages have many lines and name their own functions; here they become one line that
says what does not answer or what is missing, and what to run.
"""

from __future__ import annotations

import sys

from connectors.trouble import one_line


def foreseen(error: Exception) -> bool:
    """Return whether the sentence says all that there is to know: no traceback is needed."""
    return not sentence_of(error)[0].startswith("unexpected ")


def sentence_of(error: Exception) -> tuple[str, int]:
    """Return the sentence and the exit code of what went wrong."""
    code = getattr(error, "exit_code", None)
    if isinstance(code, int):
        return one_line(str(error)), code
    if type(error).__name__ == "StackError":
        return one_line(str(error)), 1
    for known in (_database, _kafka, _system):
        sentence = known(error)
        if sentence:
            return sentence, 1
    return f"unexpected {type(error).__name__}: {one_line(str(error))} (--debug shows where)", 1


def _database(error: Exception) -> str | None:
    psycopg = sys.modules.get("psycopg")  # not imported: it cannot have raised
    if psycopg is None or not isinstance(error, psycopg.Error):
        return None
    reason = one_line(error.diag.message_primary or str(error))
    state = getattr(error, "sqlstate", None) or ""
    if state in {"42P01", "42883", "42703", "3F000"}:
        return f"the database is not up to date ({reason}): run `waterline migrate`"
    if state == "57014":
        return "the database stopped the query: it took longer than the time allowed"
    if state == "42501":
        return f"the database does not allow it to this user: {reason}"
    if isinstance(error, psycopg.OperationalError):
        return f"the database does not answer: {reason}"
    return f"the database refused: {reason}"


def _kafka(error: Exception) -> str | None:
    kafka = sys.modules.get("confluent_kafka")
    if kafka is None or not isinstance(error, kafka.KafkaException):
        return None
    cause = error.args[0] if error.args else error
    text = cause.str() if isinstance(cause, kafka.KafkaError) else str(cause)
    return f"Kafka does not answer or refused: {one_line(text)}"


def _system(error: Exception) -> str | None:
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror}"
    return None
