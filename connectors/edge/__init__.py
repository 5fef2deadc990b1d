"""Store and forward at a warehouse: scans are kept on disk and go to Kafka when it can be reached.

Enters: scans over HTTP on loopback, from a watched folder, or by a pipe. Leaves: messages of
`wms.scans`, at least once, each under one id and one number of its device for ever. Knows nothing
about stock: what a valid scan is, and the sentences, are handed in (`scan.Read`, `scan.Say`).
The unit of parallelism is the store: one process each.
"""

from __future__ import annotations

from connectors.edge.station import Plan, Station

__all__ = ["Plan", "Station"]
