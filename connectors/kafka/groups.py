"""A consumer group's offsets, kept without joining the group: standard tools see the lag.

What is committed here has been handled; the caller commits after its own checked flush, so a
crash repeats and never loses. Fails with `Trouble` only where the caller needs an answer.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from confluent_kafka import Consumer, KafkaException, TopicPartition

from connectors.kafka.client import Nuisance, common
from connectors.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from confluent_kafka import KafkaError

Place = tuple[str, int]
"""Topic with prefix, partition."""


class GroupOffsets:
    """The offsets of one group; `commit` and `committed` talk to its coordinator."""

    def __init__(self, brokers: str, group: str) -> None:
        """Make the client; it connects by itself."""
        self._group = group
        self._nuisance = Nuisance()
        self._asked: dict[Place, int] = {}
        self._answer: list[str | None] = []
        self._consumer = Consumer(
            {
                **common(brokers),
                "group.id": group,
                "enable.auto.commit": False,
                "on_commit": self._on_commit,
            }
        )

    def committed(
        self, places: Iterable[Place], stopping: Callable[[], bool] = lambda: False
    ) -> dict[Place, int | None]:
        """Return place → offset to read next (None: nothing committed).

        Waits for the broker, with a log line now and then, until `stopping()`: then Trouble.
        """
        asked = [TopicPartition(topic, partition) for topic, partition in places]
        while True:
            try:
                answer = self._consumer.committed(asked, timeout=2)
            except KafkaException as error:
                failure = error.args[0].str()
            else:
                failed = next((one.error for one in answer if one.error), None)
                if failed is None:
                    return {(one.topic, one.partition): _offset(one) for one in answer}
                failure = failed.str()
            if stopping():
                raise Trouble(f"the offsets of group {self._group} cannot be read: {failure}")
            self._nuisance(f"offsets of group {self._group}: {failure}; retrying")
            time.sleep(0.1)

    def commit(self, offsets: Mapping[Place, int], patience: float = 3.0) -> bool:
        """Commit and wait for the answer; False, with a log line, when it did not succeed.

        librdkafka's own blocking commit waits a minute for a broker that is away: this does not.
        A coordinator that is just coming up, as on a new broker, is asked again within `patience`.
        """
        if not offsets:
            return True
        deadline = time.monotonic() + patience
        while (failure := self._commit(offsets, deadline)) is not None:
            if time.monotonic() >= deadline:
                said = failure or f"no answer in {patience:g} s"
                self._nuisance(f"commit of group {self._group}: {said}; later again")
                return False
            time.sleep(0.05)
        return True

    def _commit(self, offsets: Mapping[Place, int], deadline: float) -> str | None:
        """Commit once; return None for success, else what failed ("": no answer came)."""
        asked = [TopicPartition(topic, part, next_) for (topic, part), next_ in offsets.items()]
        self._asked, self._answer = dict(offsets), []
        try:
            self._consumer.commit(offsets=asked, asynchronous=True)
        except KafkaException as error:
            return str(error.args[0].str())
        while not self._answer and time.monotonic() < deadline:
            self._consumer.poll(0.002)  # it waits the whole time, answer or not
        return self._answer[0] if self._answer else ""

    def _on_commit(self, error: KafkaError | None, places: list[TopicPartition]) -> None:
        if places and {(one.topic, one.partition): one.offset for one in places} != self._asked:
            return  # the late answer to an earlier commit
        failed = error or next((place.error for place in places if place.error), None)
        self._answer.append(failed.str() if failed else None)

    def close(self, patience: float = 2.0) -> None:
        """Let go of the connection, within `patience`.

        With a commit that nobody answers, librdkafka would wait 45 s; it may do so behind us.
        """
        closing = threading.Thread(target=self._consumer.close, daemon=True)
        closing.start()
        closing.join(patience)


def _offset(place: TopicPartition) -> int | None:
    return place.offset if place.offset >= 0 else None
