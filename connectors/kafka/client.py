"""What all Kafka clients here share: settings, and log lines that do not flood.

Enters: broker addresses. Leaves: configuration for librdkafka, with its own log silenced (its
`%3|FAIL` lines) and its connection errors turned into one line now and then.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

LARGEST = 12 * 1024 * 1024
"""Bytes of the largest message: a 10 MB one must arrive, so that it can be refused by name."""

_LOG = logging.getLogger("waterline.kafka")


class Nuisance:
    """Says the same trouble at most once in `every` seconds, so that retrying for ever is seen."""

    def __init__(self, log: logging.Logger = _LOG, every: float = 10.0) -> None:
        """Say nothing yet."""
        self._log = log
        self._every = every
        self._next = 0.0

    def __call__(self, sentence: str) -> bool:
        """Log the sentence as a warning if it is time; return whether it was logged."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._every
        self._log.warning("%s", sentence)
        return True


_connection = Nuisance()


def _on_error(error: KafkaError) -> None:
    _connection(f"Kafka: {error.str()}; retrying")


def common(brokers: str) -> dict[str, Any]:
    """Return what every client is configured with."""
    return {
        "bootstrap.servers": brokers,
        "error_cb": _on_error,
        "log_level": 2,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1000,
        "socket.keepalive.enable": True,
        "allow.auto.create.topics": False,
    }
