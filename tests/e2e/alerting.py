"""A business with alerts and actions, and a terminal to look at it and to decide.

Enters: the servers. Leaves: settings of an installation of its own whose stock flow has folded the
business and runs on; a terminal that runs command lines in this process.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg

from flows import cli
from flows.domain import events as ev
from flows.settings import Settings
from tests.conftest import PREFIXES
from tests.dataflow.running import drain, flow, lay

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime.now(UTC).replace(microsecond=0)
EARLIER = NOW - timedelta(minutes=2)
ENDS_ON = (NOW + timedelta(days=3)).date()
SHORT = [f"s{number}" for number in range(8)]
"""SKUs of another warehouse that run short, for those who decide."""


def about(event_id: str, at: datetime = EARLIER, **more: Any) -> dict[str, Any]:
    """Return what every event has."""
    return {"event_id": event_id, "occurred_at": at, **more}


def here(
    event_id: str, sku: str, quantity: int, warehouse: str = "SH", **more: Any
) -> dict[str, Any]:
    """Return what every movement has."""
    known = {"warehouse": warehouse, "sku": sku, "quantity": Decimal(quantity)}
    return about(event_id, **known, **more)


def business() -> list[ev.Event]:
    """Return events after which SKUs are short, one is counted short, and a lot is near its end."""
    oat = {"name": "oat milk 1 L", "name_zh": "燕麦奶 1 升", "unit_cost": Decimal(9)}
    tea = {"name": "green tea", "name_zh": "绿茶", "unit_cost": Decimal(3)}
    limits = {"safety_stock": Decimal(100), "max_stock": Decimal(400)}
    sold = here("out-1", "oat", 100, at=NOW, from_bin="A1", order_id="O-1", operator="王五")
    return [
        ev.Warehouse(**about("w1", warehouse="SH", timezone="Asia/Shanghai")),
        ev.Warehouse(**about("w2", warehouse="UR", timezone="Asia/Urumqi")),
        ev.Item(**about("i1", sku="oat", **oat)),
        ev.Item(**about("i2", sku="tea", **tea)),
        ev.Policy(**about("p1", sku="oat", **limits)),
        ev.Policy(**about("p2", warehouse="UR", **limits)),
        ev.Tick(**about("tick-1")),
        ev.Inbound(**here("in-1", "oat", 142, to_bin="A1")),
        ev.Inbound(**here("in-2", "tea", 50, to_bin="A2", lot="L7", expires_on=ENDS_ON)),
        ev.Outbound(**sold),
        ev.Stocktake(**here("count-1", "tea", 48, at=NOW, lot="L7", to_bin="A2", operator="张三")),
        *(ev.Inbound(**here(f"in-{sku}", sku, 60, warehouse="UR", to_bin="B1")) for sku in SHORT),
    ]


@contextmanager
def open_shop(stack, new_database, folder) -> Iterator[Settings]:
    """Give the settings of an installation whose stock flow has folded the business and runs."""
    prefix = f"t{folder.name}-{os.getpid()}-"
    PREFIXES.add(prefix)
    with new_database() as dsn:
        settings = Settings(dsn=dsn, brokers=stack.brokers, topic_prefix=prefix, lang="en",
                            tz="Asia/Shanghai", home=folder)  # fmt: skip
        lay(settings, business())
        drain(settings)
        with flow(settings):
            yield settings


def rows(dsn: str, query: str, *values: object) -> list[tuple]:
    """Return the rows of a query."""
    with psycopg.connect(dsn) as conn:
        conn.execute("SET search_path = inventory, public")
        return conn.execute(query.encode(), values or None).fetchall()


class Terminal:
    """Runs command lines of one installation: words of a line are parted by |."""

    def __init__(self, settings: Settings, monkeypatch, capsys) -> None:
        """Set the environment of the installation, and nothing else of ours."""
        self._set, self._read = monkeypatch.setenv, capsys.readouterr
        for name in [name for name in os.environ if name.startswith("WATERLINE_")]:
            monkeypatch.delenv(name)
        known = {"DSN": settings.dsn, "BROKERS": settings.brokers, "HOME": str(settings.home),
                 "TOPIC_PREFIX": settings.topic_prefix, "USER": "陈七"}  # fmt: skip
        for name, value in known.items():
            self._set(f"WATERLINE_{name}", value)

    def __call__(self, *line: str, **environ: str) -> tuple[int, str, str]:
        """Return exit code, stdout and stderr."""
        for name, value in environ.items():
            self._set(f"WATERLINE_{name}", value)
        try:
            code = cli.main([word for part in line for word in part.split("|")])
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *self._read()

    def ask(self, *line: str) -> tuple[int, Any]:
        """Return exit code and document of a command with --json."""
        code, out, err = self(*line, "--json")
        assert out, err
        return code, json.loads(out)

    def named(self, sku: str, what: str = "alerts") -> str:
        """Return the id of the alert or of the action about a short SKU."""
        found = self.ask(f"{what}|--warehouse|UR")[1]
        return next(row[f"{what[:-1]}_id"] for row in found if row["sku"] == sku)
