"""Apache Kafka, as Waterline uses it: topics, a partition reader, a checked producer, offsets.

`topics` makes the topics; `PartitionReader` reads one partition from an offset that the caller
keeps; `Outlet` is at-least-once with every message acknowledged or an error; `GroupOffsets` keeps
a consumer group's offsets without joining it. The unit of parallelism is the topic partition.
Importing connects to nothing. What a person can put right is raised as `Trouble`.
"""

from __future__ import annotations

from connectors.kafka.client import Nuisance
from connectors.kafka.groups import GroupOffsets
from connectors.kafka.outlet import Outlet, Undelivered
from connectors.kafka.reader import PartitionReader
from connectors.kafka.topics import (
    INTAKE,
    LOG,
    LOG_PARTITIONS,
    MASTER,
    ORDER_LINES,
    REJECTS,
    SCANS,
    TOPICS,
    ensure_topics,
    topic_ids,
)

__all__ = [
    "INTAKE",
    "LOG",
    "LOG_PARTITIONS",
    "MASTER",
    "ORDER_LINES",
    "REJECTS",
    "SCANS",
    "TOPICS",
    "GroupOffsets",
    "Nuisance",
    "Outlet",
    "PartitionReader",
    "Undelivered",
    "ensure_topics",
    "topic_ids",
]
