"""The OMS table `order_line` as Debezium's PostgreSQL connector would publish it.

One envelope a change (`schemas.enable=false`, REPLICA IDENTITY FULL, decimals as strings): the
row before and after, a source block with a strictly rising lsn and one txId per transaction.
Rows present when the connector starts come as `op` r with the snapshot flags first … last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from connectors.replay.clock import moment
from connectors.replay.message import ORDERS, Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.replay.clock import Clock

_encode = msgspec.json.Encoder().encode
_COMMIT_TO_READ = 12  # ms from the commit to the connector's reading of it
_NO_HEADERS: dict[str, bytes] = {}


def decimal(quantity: int) -> str:
    """Return 1/1000 base units as a NUMERIC(18,3) reads in text."""
    return f"{quantity / 1000:.3f}"


class OrderTable:
    """Publishes changes of rows; a row is kept as the bytes it was last published with."""

    def __init__(self, clock: Clock, send: Callable[[Message], None], session: int) -> None:
        """Begin at a plausible place of the write-ahead log; a later session further on."""
        self._clock = clock
        self._send = send
        self.restart(session)
        self._tx = 750

    def restart(self, session: int) -> None:
        """Go on further along the log, where nothing was published before."""
        self._lsn = 24_023_128 + (session << 40)
        self._last_commit = self._lsn

    def begin(self) -> None:
        """Begin a transaction: the changes until the next `begin` share its id."""
        self._tx += 1
        self._last_commit = self._lsn

    def publish(
        self, at: int, op: str, row: dict[str, Any], before: bytes | None, snapshot: str = "false"
    ) -> bytes:
        """Publish one change and return the row's bytes, the `before` of the next one."""
        real = self._clock.real(at)
        committed = real - _COMMIT_TO_READ
        self._lsn += 120 + (self._lsn >> 3) % 7 * 24
        after = _encode(row)
        value = _encode(
            {
                "before": None if before is None else msgspec.Raw(before),
                "after": msgspec.Raw(after),
                "source": {
                    "version": "3.0.8.Final",
                    "connector": "postgresql",
                    "name": "oms",
                    "ts_ms": committed,
                    "snapshot": snapshot,
                    "db": "oms",
                    "sequence": f'["{self._last_commit}","{self._lsn}"]',
                    "ts_us": committed * 1000,
                    "ts_ns": committed * 1_000_000,
                    "schema": "public",
                    "table": "order_line",
                    "txId": self._tx,
                    "lsn": self._lsn,
                    "xmin": None,
                },
                "transaction": None,
                "op": op,
                "ts_ms": real,
                "ts_us": real * 1000,
                "ts_ns": real * 1_000_000,
            }
        )
        key = f'{{"order_id":"{row["order_id"]}","line_id":"{row["line_id"]}"}}'.encode()
        self._send(Message(ORDERS, key, value, _NO_HEADERS, moment(real)))
        return after

    def time(self, at: int) -> str:
        """Return the text of a timestamptz column."""
        return self._clock.utc(self._clock.real(at) - _COMMIT_TO_READ)
