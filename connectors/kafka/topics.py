"""The topics: their names, partitions and settings; made when absent, left alone when there.

Enters: brokers and the prefix of this installation. Leaves: topics on the broker. Fails with
`Trouble` when no broker answers within `patience` seconds or the broker refuses.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from connectors.kafka.client import LARGEST, Nuisance, common
from connectors.trouble import NoAnswer, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ORDER_LINES = "oms.order-lines"
SCANS = "wms.scans"
MASTER = "wms.master"
LOG = "inventory.events"
REJECTS = "inventory.rejects"
ALERTS = "inventory.alerts"
ACTIONS = "inventory.actions"

INTAKE = (ORDER_LINES, SCANS, MASTER)
LOG_PARTITIONS = 8
TOPICS: dict[str, int] = {
    ORDER_LINES: 4,
    SCANS: 4,
    MASTER: 4,
    LOG: LOG_PARTITIONS,
    REJECTS: 1,
    ALERTS: 1,
    ACTIONS: 1,
}
"""Topic, without prefix → its number of partitions."""

_EVERY = {"max.message.bytes": str(LARGEST), "message.timestamp.type": "LogAppendTime"}
# The log is the truth from which all is rebuilt: it is never thrown away by age or size.
_KEPT = {"retention.ms": "-1", "retention.bytes": "-1"}


def ensure_topics(
    brokers: str,
    prefix: str = "",
    patience: float | None = 10.0,
    stopping: Callable[[], bool] = lambda: False,
) -> dict[str, int]:
    """Make the topics that are missing; return topic without prefix → number of partitions.

    Waits `patience` seconds for a broker (None: for ever, with a log line now and then, until
    `stopping()`), then raises Trouble.
    """
    deadline = None if patience is None else time.monotonic() + patience
    nuisance = Nuisance()
    admin = AdminClient(common(brokers))
    while True:
        try:
            return _ensure(admin, prefix)
        except KafkaException as error:
            cause = error.args[0]
            late = deadline is not None and time.monotonic() >= deadline
            if stopping() or late or not _passing(cause):
                kind = NoAnswer if _passing(cause) else Trouble
                raise kind(_sentence(brokers, cause)) from error
            if deadline is None:
                nuisance(f"{_sentence(brokers, cause)}; retrying")
            time.sleep(0.2)


def topic_ids(
    brokers: str, topics: Iterable[str], stopping: Callable[[], bool] = lambda: False
) -> dict[str, str]:
    """Return topic, with prefix → Kafka's id of it: another one after it was made anew.

    Waits for a broker until `stopping()`, then raises Trouble.
    """
    admin, nuisance, names = AdminClient(common(brokers)), Nuisance(), list(topics)
    known_by = time.monotonic() + 15.0
    while True:
        try:
            asked = admin.describe_topics(TopicCollection(names), request_timeout=2)
            return {name: str(future.result().topic_id) for name, future in asked.items()}
        except KafkaException as error:
            cause = error.args[0]
            # A broker that has just made a topic may not have told itself of it yet.
            unknown = cause.code() == KafkaError.UNKNOWN_TOPIC_OR_PART
            if stopping() or not (_passing(cause) or (unknown and time.monotonic() < known_by)):
                raise Trouble(_sentence(brokers, cause)) from error
            nuisance(f"{_sentence(brokers, cause)}; retrying")
            time.sleep(0.2)


def _ensure(admin: AdminClient, prefix: str) -> dict[str, int]:
    found = _partitions(admin)
    missing = [_topic(prefix, name) for name in TOPICS if prefix + name not in found]
    if missing:
        for future in admin.create_topics(missing, request_timeout=5).values():
            try:
                future.result()
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise
        found = {**{topic.topic: topic.num_partitions for topic in missing}, **found}
    return {name: found[prefix + name] for name in TOPICS}


def _partitions(admin: AdminClient) -> dict[str, int]:
    topics = admin.list_topics(timeout=2).topics
    return {name: len(topic.partitions) for name, topic in topics.items() if topic.error is None}


def _topic(prefix: str, name: str) -> NewTopic:
    config = {**_EVERY, **(_KEPT if name == LOG else {})}
    return NewTopic(prefix + name, TOPICS[name], replication_factor=-1, config=config)


def _passing(cause: KafkaError) -> bool:
    return cause.retriable() or cause.code() in {
        KafkaError._TRANSPORT,  # noqa: SLF001 - librdkafka's own codes are named so
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
        KafkaError._TIMED_OUT,  # noqa: SLF001
        KafkaError._RESOLVE,  # noqa: SLF001
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.BROKER_NOT_AVAILABLE,
        KafkaError.INVALID_REPLICATION_FACTOR,  # a broker that has not finished starting
    }


def _sentence(brokers: str, cause: KafkaError) -> str:
    return f"no Kafka broker answers at {brokers} ({cause.str()})"
