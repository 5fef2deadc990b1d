"""Carries what waits in the ledger to Kafka: live scans at once, the backlog at a bounded rate.

At least once: a scan stops waiting only when the broker has acknowledged it (acks=all) and that
is on disk; whatever dies before sends it again under the same id. Two lanes share one producer:
scans saved in the last seconds go first and without a limit, older ones in the order of arrival
through a token bucket, so that a site that catches up delays nobody. Without a broker nothing is
lost and nothing fails: it is asked for again each second. The unit of parallelism is the thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from confluent_kafka import KafkaError, KafkaException, Producer

from connectors.edge import entries
from connectors.edge.ledger import Full
from connectors.edge.scan import CANONICAL, Kept, Waiting, milliseconds, rfc3339
from connectors.kafka import SCANS, Nuisance, ensure_topics
from connectors.kafka.client import LARGEST, common
from connectors.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from confluent_kafka import Message

    from connectors.edge.ledger import Ledger

LIVE_S = 10.0
"""Seconds for which a scan is live: after that it has its turn in the backlog."""
IN_FLIGHT = 500
"""Messages of each lane that the broker has not answered, at most."""
ALIVE_S = 3.0
"""Seconds without a sign of the broker after which it counts as away."""
GIVE_UP_MS = 10_000
STUCK_S = 60.0
_SLICE = 50
_LOG = logging.getLogger("waterline.edge")

# The broker is away, or not ready: the same message may go later. Others concern the message.
_AWAY = {
    KafkaError._MSG_TIMED_OUT,  # noqa: SLF001 - librdkafka's own codes are named so
    KafkaError._TRANSPORT,  # noqa: SLF001
    KafkaError._TIMED_OUT,  # noqa: SLF001
    KafkaError._TIMED_OUT_QUEUE,  # noqa: SLF001
    KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
    KafkaError._RESOLVE,  # noqa: SLF001
    KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001
    KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
    KafkaError._PURGE_QUEUE,  # noqa: SLF001
    KafkaError._PURGE_INFLIGHT,  # noqa: SLF001
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.NOT_ENOUGH_REPLICAS,
    KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.REQUEST_TIMED_OUT,
}


class Forwarder:
    """One thread between the ledger and the topic `wms.scans`."""

    def __init__(
        self,
        ledger: Ledger,
        brokers: str,
        prefix: str = "",
        *,
        drain_rate: float = 200.0,
        tell: Callable[..., None] = lambda *_, **__: None,
    ) -> None:
        """Connect to nothing yet; `tell(sentence, **values)` hears when the broker comes or goes.

        `drain_rate` is messages of the backlog a second.
        """
        self._ledger, self._brokers, self._prefix, self._tell = ledger, brokers, prefix, tell
        self._rate = drain_rate
        self._live: deque[tuple[int, float]] = deque(maxlen=20_000)
        self._wake, self._stop = threading.Event(), threading.Event()
        self._flying: dict[int, bool] = {}
        self._acked: list[int] = []
        self._stuck: dict[int, float] = {}
        self._cursor, self._more = 0, True
        self._tokens, self._tokens_at = 1.0, time.monotonic()
        self._topics_made = False
        self._seen_at = self._asked_at = float("-inf")
        self.online = False
        self.since = milliseconds()
        self._nuisance = Nuisance(_LOG, every=60.0)
        # Not idempotent on purpose: repeats are dropped by event_id, order does not matter, and
        # an idempotent producer can fail for good, which a site without staff cannot afford.
        self._producer = Producer(
            {
                **common(brokers),
                "error_cb": self._failed,
                "acks": "all",
                "enable.idempotence": False,
                "linger.ms": 5,
                "compression.type": "lz4",
                "message.max.bytes": LARGEST,
                "message.timeout.ms": GIVE_UP_MS,
                "request.timeout.ms": 5000,
                "socket.timeout.ms": 6000,
                "queue.buffering.max.kbytes": 16_384,
            }
        )
        self._thread = threading.Thread(target=self._run, name="forward", daemon=True)

    def start(self) -> None:
        """Begin to forward."""
        self._thread.start()

    def saved(self, kept: Sequence[Kept]) -> None:
        """Hear of scans that were kept just now."""
        now = time.monotonic()
        self._live.extend((one.number, now) for one in kept if not one.repeat)
        self._more = True
        self._wake.set()

    def close(self, patience: float = 2.0) -> None:
        """Take the acknowledgements that still come within `patience`, then let go."""
        self._stop.set()
        self._wake.set()
        self._thread.join(patience + 2.0)
        deadline = time.monotonic() + patience
        while self.online and self._flying and time.monotonic() < deadline:
            self._producer.poll(0.05)
        self._producer.purge()
        self._producer.poll(0)
        self._settle(at_once=True)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._turn()
            except Full as error:
                self._nuisance(f"the store has no room to record what arrived: {error}")
                self._stop.wait(1.0)
            except Trouble as trouble:
                if not self._stop.is_set():
                    self._nuisance(str(trouble))
                    self._stop.wait(0.5)
            except Exception:  # noqa: BLE001 - a site without staff: it is logged and goes on
                _LOG.exception("forwarding failed and goes on")
                self._stop.wait(1.0)

    def _turn(self) -> None:
        """Send what may be sent, hear what has arrived, and wait where there is nothing to do."""
        self._look()
        sent = 0
        if self.online:
            sent = self._send_live() + self._send_backlog()
        self._producer.poll(0.01 if self._flying else 0)
        self._settle()
        if not sent and not self._flying:
            self._wake.wait(0.02 if self._live and self.online else 0.1)
            self._wake.clear()

    def _look(self) -> None:
        """Find out whether the broker is there; asks only when no acknowledgement says so."""
        now = time.monotonic()
        if self.online and now - self._seen_at < ALIVE_S:
            return
        if self._flying:
            if self.online:
                self._away("no acknowledgement")
            return
        if now - self._asked_at < (1.0 if not self.online else 0.0):
            return
        try:
            self._producer.list_topics(self._prefix + SCANS, timeout=1.0)
            if not self._topics_made:
                ensure_topics(self._brokers, self._prefix, patience=2.0, stopping=self._stop.is_set)
                self._topics_made = True
        except KafkaException as error:
            self._away(error.args[0].str())
        except Trouble as trouble:
            self._away(str(trouble))
        else:
            self._there()
        self._asked_at = time.monotonic()

    def _failed(self, error: KafkaError) -> None:
        """Ask at once for a broker whose connections have all broken."""
        if error.code() == KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001
            self._seen_at = float("-inf")

    def _there(self) -> None:
        self._seen_at = time.monotonic()
        if not self.online:
            self.online, self.since = True, milliseconds()
            self._cursor, self._more = 0, True
            self._tell("edge.online", brokers=self._brokers, count=self._report())

    def _away(self, why: str) -> None:
        if self.online or self._asked_at == float("-inf"):
            self.online, self.since = False, milliseconds()
            self._tell("edge.offline", brokers=self._brokers, why=why, count=self._report())
        else:
            self._nuisance(f"no broker at {self._brokers}: {why}; {self._waiting()} wait")

    def _waiting(self) -> int:
        return self._ledger.do(entries.count_waiting)

    def _report(self) -> int:
        """Write the state for `status`; return how many wait."""
        state = "online" if self.online else "offline"
        facts: dict[str, str | int] = {"state": state, "since": self.since}
        self._ledger.do(partial(entries.set_facts, facts=facts))
        return self._waiting()

    def _send_live(self) -> int:
        """Send the newest first; what is live no longer is left to the backlog."""
        oldest = time.monotonic() - LIVE_S
        wanted: list[int] = []
        room = IN_FLIGHT - sum(self._flying.values())
        while self._live and len(wanted) < min(room, _SLICE * 4):
            number, saved = self._live.pop()
            if saved < oldest:
                self._live.clear()
                break
            if number not in self._flying and number not in self._stuck:
                wanted.append(number)
        if not wanted:
            return 0
        rows = self._ledger.do(partial(entries.these, numbers=wanted))
        return self._send(sorted(rows, reverse=True), live=True)

    def _send_backlog(self) -> int:
        """Send the oldest, as many as the token bucket holds."""
        now = time.monotonic()
        most = max(1.0, self._rate / 4)
        self._tokens = min(most, self._tokens + (now - self._tokens_at) * self._rate)
        self._tokens_at = now
        room = IN_FLIGHT - (len(self._flying) - sum(self._flying.values()))
        count = int(min(self._tokens, room, _SLICE))
        if self._stuck:
            self._retry_stuck()
        return self._backlog(count) if count and self._more else 0

    def _backlog(self, count: int) -> int:
        rows = self._ledger.do(partial(entries.oldest, after=self._cursor, limit=count))
        self._more = bool(rows)
        if not rows:
            return 0
        self._cursor = rows[-1].number
        fresh = [
            row for row in rows if row.number not in self._flying and row.number not in self._stuck
        ]
        sent = self._send(fresh, live=False)
        self._tokens -= sent
        return sent

    def _retry_stuck(self) -> None:
        """Let what the broker refused a while ago have another try."""
        now = time.monotonic()
        ready = [number for number, due in self._stuck.items() if due <= now]
        for number in ready:
            del self._stuck[number]
            self._again(number)

    def _again(self, number: int) -> None:
        """Let the backlog begin no later than at this scan."""
        self._cursor, self._more = min(self._cursor, number - 1), True

    def _send(self, rows: Sequence[Waiting], *, live: bool) -> int:
        for sent, row in enumerate(rows):
            try:
                self._produce(row)
            except BufferError:
                self._again(min(one.number for one in rows[sent:]))
                return sent
            except KafkaException as error:
                self._keep_apart(row.number, error.args[0].str())
            else:
                self._flying[row.number] = live
        return len(rows)

    def _produce(self, row: Waiting) -> None:
        body = row.body
        headers: list[tuple[str, str | bytes | None]] = []
        if row.format == CANONICAL:
            body = b'%s,"sent_at":"%s"}' % (body[:-1], rfc3339(milliseconds()).encode())
        else:
            headers = [("format", row.format)]
        self._producer.produce(
            self._prefix + SCANS,
            body,
            row.key or None,
            on_delivery=partial(self._heard, row.number),
            headers=headers,
        )

    def _heard(self, number: int, error: KafkaError | None, _: Message) -> None:
        """Take the broker's answer for one message."""
        if error is None:
            self._acked.append(number)
            self._there()
            return
        self._flying.pop(number, None)
        if error.code() in _AWAY:
            self._again(number)
            self._topics_made = False
            if self.online:
                self._away(error.str())
        else:
            self._keep_apart(number, error.str())

    def _keep_apart(self, number: int, why: str) -> None:
        """Try a message that the broker refuses again later; the others go on."""
        self._stuck[number] = time.monotonic() + STUCK_S
        self._nuisance(f"scan {number} was refused by the broker: {why}; again in {STUCK_S:g} s")

    def _settle(self, *, at_once: bool = False) -> None:
        """Write down what has arrived; until that is on disk it counts as in flight."""
        if not self._acked or (
            not at_once and len(self._flying) > len(self._acked) and len(self._acked) < _SLICE
        ):
            return
        numbers, self._acked = self._acked, []
        try:
            self._ledger.do(partial(entries.mark_sent, numbers=numbers))
        except BaseException:
            self._acked = numbers + self._acked
            raise
        for number in numbers:
            self._flying.pop(number, None)
            self._stuck.pop(number, None)
