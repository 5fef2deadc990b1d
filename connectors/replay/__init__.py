"""Real orders of a year (Complete Journey) as an OMS and its warehouses would send them.

`feed(options)` yields messages in time order. Guarantee: none of its own, it produces; what
sends them confirms delivery. Unit of parallelism: one stream. Importing reads nothing.
"""

from __future__ import annotations

from connectors.replay.faults import with_faults
from connectors.replay.feed import Replay, feed
from connectors.replay.message import MASTER, ORDERS, SCANS, TOPICS, Message, Options
from connectors.replay.state import DONE, LIVE, SENDING, Done, Shelved

__all__ = [
    "DONE",
    "LIVE",
    "MASTER",
    "ORDERS",
    "SCANS",
    "SENDING",
    "TOPICS",
    "Done",
    "Message",
    "Options",
    "Replay",
    "Shelved",
    "feed",
    "with_faults",
]
