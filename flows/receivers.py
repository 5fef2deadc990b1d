"""The relay's receivers: each claims what is due to it, sends it, and records how it went.

Enters: rows of `dispatches` that are due. Leaves: messages at Kafka and at endpoints, each try in
`deliveries`, decisions on the log about actions that all receivers have. At least once under the
same id. A database that is away is waited for; so is a broker, and an endpoint for as long as
settings say. The unit of parallelism is the receiver: one that is slow delays no other.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from random import SystemRandom
from time import monotonic
from typing import TYPE_CHECKING

from msgspec import json

from connectors import endpoints, outbox
from connectors.kafka import LOG, Nuisance, Outlet, Undelivered
from connectors.outbox import Try
from connectors.partitions import LogPartitions
from connectors.session import Session
from connectors.trouble import one_line
from flows.appending import append
from flows.domain import retries
from flows.domain.events import Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from connectors.outbox import Claim, Settled
    from connectors.webhook import Answer, Poster
    from flows.settings import Settings
    from flows.stopping import Stop

AT_ONCE = 8
"""Messages on their way to one endpoint at the same time."""
MARGIN = 5.0
"""Seconds of a lease beyond the longest try: after that another relay may send the message."""
CIRCUIT_S, LONGEST_CIRCUIT_S = 30.0, 300.0
KAFKA_S, LONGEST_KAFKA_S = 1.0, 5.0
"""Kafka is ours and not given up: it is asked again soon."""
PATIENCE = 5.0
_LOG = logging.getLogger("waterline.relay")
_share = SystemRandom().random


class Kafka:
    """The receiver that gets every message; it also puts decisions on the log."""

    def __init__(self, settings: Settings, stop: Stop, partitions: int) -> None:
        """Connect to nothing yet; the log has so many partitions."""
        self._settings, self._stop = settings, stop
        dsn = settings.need_dsn()
        self._session = Session(dsn, stopping=stop, name="waterline relay kafka")
        self._homes = LogPartitions(dsn, partitions, stopping=stop)
        self._lease = timedelta(seconds=settings.relay_timeout + MARGIN)
        self._out: Outlet | None = None
        self._ailing = False
        self._nuisance = Nuisance(_LOG)

    def work(self) -> int:
        """Send what is due, then the decisions that are; return how much was done."""
        return self._messages() + self._session.run(self._decisions)

    def close(self) -> None:
        """Let go of everything."""
        self._let_go()
        self._session.close()
        self._homes.close()

    def _messages(self) -> int:
        limit = 1 if self._ailing else outbox.AT_ONCE
        claims = self._session.run(
            lambda connection: outbox.claim(connection, outbox.KAFKA, limit, self._lease)
        )
        if not claims:
            return 0
        began = monotonic()
        error = self._sent(claims)
        took = monotonic() - began
        tries = [_kafka_try(claim, error, took) for claim in claims]
        self._session.run(lambda connection: outbox.record(connection, "kafka", tries))
        self._ailing = error is not None
        return 0 if error is not None else len(claims)

    def _sent(self, claims: Sequence[Claim]) -> str | None:
        """Send messages; return why the broker did not acknowledge them, None when it has."""
        try:
            out = self._outlet()
            for claim in claims:
                out.send(
                    self._settings.topic_prefix + claim.topic,
                    claim.warehouse.encode() or None,
                    claim.body.encode(),
                    {"id": claim.message_id.encode()},
                )
            out.flush()
        except Undelivered as error:
            self._let_go()
            self._nuisance(f"Kafka did not take {len(claims)} messages: {error}; retrying")
            return one_line(error)
        return None

    def _decisions(self, connection: psycopg.Connection) -> int:
        """Put on the log what became of approved actions; repeated, it says the same."""
        settled = outbox.unanswered(connection)
        if not settled:
            return 0
        log = self._settings.topic_prefix + LOG
        try:
            events = (event for one in settled for event in decisions(one))
            append(self._outlet(), log, self._homes, events)
        except Undelivered as error:
            self._let_go()
            self._nuisance(f"decisions are not on the log: {error}; retrying")
            return 0
        outbox.answered(connection, [one.message_id for one in settled])
        return len(settled)

    def _outlet(self) -> Outlet:
        if self._out is None:
            self._out = Outlet(
                self._settings.need_brokers(), patience=PATIENCE, giving_up=self._stop
            )
        return self._out

    def _let_go(self) -> None:
        if self._out is not None:
            self._out.close(grace=0.0)
            self._out = None


class Endpoint:
    """A receiver by HTTP."""

    def __init__(self, name: str, settings: Settings, stop: Stop, poster: Poster) -> None:
        """Connect to nothing yet."""
        self.name = name
        self._settings, self._stop, self._poster = settings, stop, poster
        self._session = Session(settings.need_dsn(), stopping=stop, name=f"waterline relay {name}")
        self._lease = timedelta(seconds=settings.relay_timeout + MARGIN)
        self._nuisance = Nuisance(_LOG)

    def work(self) -> int | None:
        """Send what is due; return how much was delivered, None if it is no receiver any more."""
        taken = self._session.run(
            lambda connection: endpoints.take(connection, self.name, AT_ONCE, self._lease)
        )
        if taken is None:
            return None
        if not taken.claims:
            return 0
        messages = [(claim.message_id, claim.body) for claim in taken.claims]
        answers = self._poster.post_all(taken.target, messages, self._stop)
        tries = list(map(self._try, taken.claims, answers))
        hold = max((one.retry_after or 0.0 for one in answers), default=0.0)
        self._session.run(
            lambda connection: endpoints.note(
                connection, self.name, tries, _circuit, timedelta(seconds=hold) if hold else None
            )
        )
        return self._delivered(tries)

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def _try(self, claim: Claim, answer: Answer) -> Try:
        first, longest = self._settings.relay_first_retry, self._settings.relay_longest_retry
        pause = retries.pause(claim.attempt, _share(), first, longest)
        return Try(
            claim,
            answer.outcome,
            claim.at + timedelta(seconds=answer.after),
            answer.duration,
            timedelta(seconds=max(pause, answer.retry_after or 0.0)),
            answer.status,
            answer.error,
        )

    def _delivered(self, tries: Sequence[Try]) -> int:
        failed = [one for one in tries if one.outcome != "delivered"]
        if any(one.outcome == "gone" for one in failed):
            _LOG.warning("endpoint %s is gone: nothing more is sent to it", self.name)
        elif failed:
            self._nuisance(f"endpoint {self.name}: {failed[0].error}; retrying")
        return len(tries) - len(failed)


def decisions(settled: Settled) -> list[Decision]:
    """Return what the log is told of the actions of a message: sent, or failed and why."""
    word = "sent" if settled.why is None else "failed"
    why = None if settled.why is None else settled.why[:500]
    return [
        Decision(
            event_id=f"{action['action_id']}-{word}",
            occurred_at=settled.finished_at,
            warehouse=action["warehouse"],
            action_id=action["action_id"],
            decision=word,
            decided_by="relay",
            reason=why,
        )
        for action in json.decode(settled.body)["actions"]
    ]


def _kafka_try(claim: Claim, error: str | None, took: float) -> Try:
    return Try(
        claim,
        "delivered" if error is None else "failed",
        claim.at + timedelta(seconds=took),
        took,
        timedelta(seconds=retries.pause(claim.attempt, _share(), KAFKA_S, LONGEST_KAFKA_S)),
        None,
        error,
    )


def _circuit(failures: int) -> timedelta | None:
    seconds = retries.circuit(failures, CIRCUIT_S, LONGEST_CIRCUIT_S)
    return None if seconds is None else timedelta(seconds=seconds)
