"""A producer that knows what arrived: every message is acknowledged, or there is an error.

At least once, in order per partition (idempotent producer, acks=all). `send` only queues;
`flush` returns when the broker has acknowledged every message sent so far, and raises
`Undelivered` otherwise. The unit of parallelism is the Outlet, used by one thread.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException, Producer

from connectors.kafka.client import LARGEST, Nuisance, common
from connectors.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confluent_kafka import KafkaError, Message

SLICE = 0.2
"""Seconds of one wait: between two, a signal handler may run and `giving_up` is asked."""

PATIENT = 3.0
"""Seconds of waiting before it is worth a line in the log."""


class Undelivered(Trouble):
    """Messages that the broker did not acknowledge."""


class Outlet:
    """Sends to any topic; counts what was sent and what was acknowledged."""

    def __init__(
        self,
        brokers: str,
        *,
        patience: float | None = None,
        giving_up: Callable[[], bool] = lambda: False,
    ) -> None:
        """Make the producer; it connects by itself.

        With `patience` a message not acknowledged in so many seconds is undelivered; with None
        the broker is waited for as long as `giving_up()` is false.
        """
        self.sent = 0
        self.acknowledged = 0
        self._brokers = brokers
        self._giving_up = giving_up
        self._failure: str | None = None
        self._failed = 0
        self._nuisance = Nuisance()
        self._producer = Producer(
            {
                **common(brokers),
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 10,
                "compression.type": "lz4",
                "message.max.bytes": LARGEST,
                "message.timeout.ms": 0 if patience is None else int(patience * 1000),
                "queue.buffering.max.messages": 100_000,
                "queue.buffering.max.kbytes": 65_536,
            }
        )
        self._produce = self._producer.produce
        self._done = self._delivered  # one bound method, not one closure a message

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Mapping[str, bytes] | None = None,
        partition: int | None = None,
    ) -> None:
        """Queue one message; waits when the queue is full. Raises Undelivered if it cannot be."""
        where = -1 if partition is None else partition
        while True:
            try:
                if headers is None:
                    self._produce(topic, value, key, where, self._done)
                else:
                    self._produce(topic, value, key, where, self._done, headers=dict(headers))
            except BufferError:
                self._room()
            except KafkaException as error:
                raise Undelivered(f"{topic}: {error.args[0].str()}") from error
            else:
                self.sent += 1
                if not self.sent & 1023:
                    self._producer.poll(0)
                return

    def poll(self) -> None:
        """Take acknowledgements that have come; never waits. Raises what has failed."""
        self._producer.poll(0)
        self._check()

    def flush(self) -> None:
        """Return when everything sent is acknowledged; raise Undelivered when it is not."""
        since = time.monotonic()
        while self._producer.flush(SLICE):
            self._check()
            self._wait_or_give_up(since)
        self._check()
        if self.acknowledged != self.sent:
            raise Undelivered(f"{self.sent - self.acknowledged} messages have no acknowledgement")

    def close(self, grace: float = 2.0) -> None:
        """Throw away what is still queued after `grace` seconds; never raises."""
        if self._producer.flush(grace):
            self._producer.purge()
            self._producer.flush(0.5)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.acknowledged += 1
            return
        self._failed += 1
        if self._failure is None:
            self._failure = f"{message.topic()}/{message.partition()}: {error.str()}"

    def _check(self) -> None:
        if self._failure is not None:
            raise Undelivered(f"{self._failed} messages were not delivered ({self._failure})")

    def _room(self) -> None:
        self._producer.poll(SLICE)
        self._check()
        if len(self._producer) and self._giving_up():
            self._give_up()

    def _wait_or_give_up(self, since: float) -> None:
        if time.monotonic() - since > PATIENT:
            waiting = len(self._producer)
            self._nuisance(f"waiting for Kafka at {self._brokers} to take {waiting} messages")
        if self._giving_up():
            self._give_up()

    def _give_up(self) -> None:
        deadline = time.monotonic() + 2.0
        while time.monotonic() < deadline:
            if not self._producer.flush(SLICE):
                return
        raise Undelivered(f"gave up with {len(self._producer)} messages not acknowledged")
