"""Real orders of a year (Complete Journey) as an OMS and its warehouses would send them.

`feed(options)` yields messages in time order. Guarantee: none of its own, it produces; what
sends them confirms delivery. Unit of parallelism: one stream. Importing reads nothing.
"""

from __future__ import annotations

from connectors.replay.feed import Replay, feed
from connectors.replay.message import MASTER, ORDERS, SCANS, TOPICS, Message, Options

__all__ = ["MASTER", "ORDERS", "SCANS", "TOPICS", "Message", "Options", "Replay", "feed"]
