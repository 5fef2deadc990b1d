"""Each role may do what the golden table says, and nothing else, tried for real."""

from __future__ import annotations

import uuid

import psycopg
import pytest
from psycopg import errors, sql

from connectors.migrate import prepare_database

pytestmark = pytest.mark.stack

STATE = (
    *("warehouses", "items", "bin_places", "policies", "counts", "cancels", "stock_figures"),
    *("stock_bins", "stock_daily", "turnover_daily", "demand_daily", "classes"),
    *("forecasts", "forecast_quality", "forecast_runs"),
    *("lot_dates", "orders", "purchases", "transfers", "partitions", "offsets", "event_ids"),
    *("ticks", "intake", "rejects", "lag", "device_sequences", "device_blocks"),
    "alert_state",
    *("rebalancing", "occupancy_hourly", "expiry_daily", "series_runs"),
    *("totals_made", "stock_totals", "shortage_totals", "zone_totals", "expiry_totals"),
    *("special_totals", "turnover_totals", "response_totals"),
)
HISTORY = ("movements", "journal", "stock_history", "alerts")
MOVE = (
    "INSERT INTO inventory.movements (occurred_at, warehouse, sku, status, type, quantity,"
    " event_id, log_partition, log_offset)"
    " VALUES ('{}', 'W', 'S', 'sellable', 'inbound', 1, 'e', 0, 0)"
)
UPDATE = "UPDATE inventory.{} SET sku = 'x'"
DELETE = "DELETE FROM inventory.{}"
ALLOWED = [
    ("waterline_writer", MOVE.format("2026-01-01Z")),
    ("waterline_writer", "SELECT * FROM inventory.movements"),
    ("waterline_writer", "INSERT INTO inventory.stock (warehouse, sku) VALUES ('W', 'S')"),
    ("waterline_writer", "UPDATE inventory.offsets SET next_offset = 1"),
    ("waterline_writer", "CREATE TEMP TABLE staging (LIKE inventory.stock)"),
    *(("waterline_writer", DELETE.format(table)) for table in STATE),
    ("waterline_writer", "UPDATE inventory.throughput SET lines = 0"),
    ("waterline_screen", "SELECT * FROM screen.water_levels"),
    ("waterline_screen", "SELECT * FROM screen.shortages"),
    ("waterline_screen", "SELECT * FROM screen.lag_now"),
    ("waterline_screen", "SELECT * FROM screen.moves_recent"),
    ("waterline_analyst", "SELECT * FROM inventory.trace(sku => 'S')"),
    ("waterline_analyst", "SELECT * FROM inventory.stock_as_of(now())"),
    ("waterline_analyst", "SELECT * FROM inventory.lots"),
    ("waterline_analyst", "SELECT * FROM inventory.turnover"),
    ("waterline_analyst", "SELECT * FROM inventory.turnover_series(7, '2026-01-01', '2026-01-09')"),
    ("waterline_analyst", "SELECT * FROM screen.progress"),
    ("waterline_gateway", "SELECT * FROM inventory.stock"),
    ("waterline_analyst", "SELECT * FROM inventory.delivery_proof"),
    ("waterline_analyst", "SELECT url FROM inventory.endpoints"),
    ("waterline_relay", "SELECT secret FROM inventory.endpoint_secrets"),
    ("waterline_relay", "UPDATE inventory.outbox SET spread = true, answered = true"),
    ("waterline_relay", "UPDATE inventory.alert_times SET sent_at = now()"),
    ("waterline_relay", "UPDATE inventory.endpoints SET active = false, failures = 1"),
    ("waterline_relay", "UPDATE inventory.dispatches SET attempts = 1"),
]
REFUSED = [
    *(("waterline_writer", UPDATE.format(table)) for table in HISTORY),
    *(("waterline_writer", DELETE.format(table)) for table in HISTORY),
    *(("waterline_writer", f"TRUNCATE inventory.{table}") for table in (*STATE, *HISTORY)),
    ("waterline_writer", "DELETE FROM inventory.throughput"),
    ("waterline_writer", "DROP TABLE inventory.ticks"),
    ("waterline_writer", "ALTER TABLE inventory.stock ADD COLUMN x int"),
    ("waterline_writer", "CREATE TABLE inventory.mine (x int)"),
    ("waterline_writer", "SELECT public.drop_chunks('inventory.movements', now())"),
    ("waterline_writer", "DELETE FROM inventory.schema_migrations"),
    ("waterline_screen", "SELECT * FROM inventory.stock"),
    ("waterline_screen", "SELECT * FROM inventory.turnover"),
    ("waterline_screen", "SELECT * FROM inventory.stock_as_of(now())"),
    ("waterline_screen", "CREATE VIEW screen.mine AS SELECT 1 AS one"),
    ("waterline_screen", "CREATE TEMP TABLE mine (x int)"),
    ("waterline_analyst", "INSERT INTO inventory.stock (warehouse, sku) VALUES ('W', 'S')"),
    ("waterline_analyst", "CREATE TABLE public.mine (x int)"),
    ("waterline_analyst", MOVE.format("2026-01-01Z")),
    ("waterline_gateway", "UPDATE inventory.orders SET state = 'closed'"),
    *(
        (f"waterline_{role}", "SELECT * FROM inventory.endpoint_secrets")
        for role in ("writer", "analyst", "gateway", "screen")
    ),
    ("waterline_relay", "SELECT * FROM inventory.stock"),
    ("waterline_relay", "SELECT * FROM inventory.actions"),
    ("waterline_relay", "UPDATE inventory.outbox SET body = '{}'"),
    ("waterline_relay", "DELETE FROM inventory.outbox"),
    ("waterline_relay", "DELETE FROM inventory.dispatches"),
    ("waterline_relay", "UPDATE inventory.deliveries SET outcome = 'delivered'"),
    ("waterline_relay", "UPDATE inventory.endpoints SET url = 'x'"),
    ("waterline_relay", "UPDATE inventory.alert_times SET severity = 'info'"),
]


def attempt(dsn: str, role: str, statement: str) -> None:
    """Run a statement as a role and take it back."""
    with psycopg.connect(dsn) as conn:
        conn.execute(MOVE.format("2026-03-01Z").encode())
        conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        try:
            conn.execute(statement.encode())
        finally:
            conn.rollback()


def test_privileges_are_the_golden_table(migrated, listing, golden):
    """Who may do what reads as one table, compared line by line."""
    found = listing(migrated, "privileges")
    assert found == golden("privileges.expected.txt", found)


@pytest.mark.parametrize(("role", "statement"), ALLOWED)
def test_role_may(migrated, role, statement):
    """What a role needs for its work is granted."""
    attempt(migrated, role, statement)


@pytest.mark.parametrize(("role", "statement"), REFUSED)
def test_role_may_not(migrated, role, statement):
    """Everything else is refused."""
    with pytest.raises(errors.InsufficientPrivilege):
        attempt(migrated, role, statement)


def test_chunks_are_out_of_reach_of_boards(migrated):
    """A hypertable's chunks are no way round its grants."""
    with psycopg.connect(migrated) as conn:
        conn.execute(MOVE.format("2026-02-01Z").encode())
        chunk = conn.execute("SELECT tableoid::regclass::text FROM movements LIMIT 1").fetchone()[0]
        conn.execute("SET ROLE waterline_screen")
        with pytest.raises(errors.InsufficientPrivilege):
            conn.execute(b"SELECT * FROM " + chunk.encode())
        conn.rollback()


def test_later_tables_are_readable_and_not_writable(migrated):
    """A table of a later migration can be read by the readers before anybody says so."""
    with psycopg.connect(migrated) as conn:
        conn.execute("SET ROLE waterline_owner")
        conn.execute("CREATE TABLE inventory.later (x int)")
        conn.execute("CREATE FUNCTION inventory.later() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        rows = conn.execute(
            "SELECT has_table_privilege('waterline_analyst', 'inventory.later', 'SELECT'),"
            " has_table_privilege('waterline_writer', 'inventory.later', 'INSERT'),"
            " has_function_privilege('public', 'inventory.later()', 'EXECUTE')"
        ).fetchall()
        conn.rollback()
    assert rows == [(True, False, False)]


def test_login_of_a_group_gets_the_groups_settings(migrated):
    """A board's own login has the 2 s limit and plain names after the next migration."""
    name = f"waterline_board_{uuid.uuid4().hex[:8]}"
    login, password = sql.Identifier(name), uuid.uuid4().hex
    with psycopg.connect(migrated, autocommit=True) as conn:
        make = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE waterline_screen")
        conn.execute(make.format(login, sql.Literal(password)))
        try:
            prepare_database(migrated)
            with psycopg.connect(migrated, user=name, password=password) as board:
                assert board.execute("SHOW statement_timeout").fetchone() == ("2s",)
                assert board.execute("SELECT count(*) FROM shortages").fetchone() == (0,)
                with pytest.raises(errors.QueryCanceled):
                    board.execute("SELECT pg_sleep(3)")
        finally:
            conn.execute(sql.SQL("DROP OWNED BY {}").format(login))
            conn.execute(sql.SQL("DROP ROLE {}").format(login))
