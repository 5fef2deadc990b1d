-- Who may do what; everything else is refused. Run last, every time, as waterline_owner; the
-- golden table is tests/sql/data/privileges.expected.txt.

REVOKE ALL ON SCHEMA inventory, screen FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA inventory, screen FROM PUBLIC, waterline_writer,
    waterline_screen, waterline_analyst, waterline_gateway, waterline_relay;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA inventory, screen FROM PUBLIC;

GRANT USAGE ON SCHEMA inventory TO waterline_writer, waterline_analyst, waterline_gateway;
GRANT USAGE ON SCHEMA screen TO waterline_screen, waterline_analyst, waterline_gateway;

GRANT SELECT ON ALL TABLES IN SCHEMA inventory
    TO waterline_writer, waterline_analyst, waterline_gateway;
GRANT SELECT ON ALL TABLES IN SCHEMA screen
    TO waterline_screen, waterline_analyst, waterline_gateway;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA inventory
    TO waterline_writer, waterline_analyst, waterline_gateway;
-- A view's functions are called with the reader's rights, not the owner's. Without USAGE on
-- the schema the name itself stays out of a board's reach.
GRANT EXECUTE ON FUNCTION inventory.lag_quantile(bigint[], double precision),
    inventory.known_zone(text), inventory.local_date(text, timestamptz),
    inventory.occupancy(numeric, numeric, numeric, numeric, numeric, numeric) TO waterline_screen;
GRANT EXECUTE ON FUNCTION screen.missing_numbers(text[]), screen.trail(text, text, text),
    screen.sku_found(text), screen.sku_figures(text), screen.sku_cells(text),
    screen.sku_days(text), screen.sku_demand(text)
    TO waterline_screen, waterline_analyst, waterline_gateway;

-- The writer: state is rewritten, history only grows; neither TRUNCATE nor DDL.
GRANT INSERT, UPDATE, DELETE ON
    inventory.warehouses, inventory.items, inventory.bin_places, inventory.policies,
    inventory.counts, inventory.cancels, inventory.stock, inventory.stock_figures,
    inventory.stock_bins, inventory.stock_daily, inventory.turnover_daily, inventory.demand_daily,
    inventory.classes, inventory.forecasts, inventory.forecast_quality, inventory.forecast_runs,
    inventory.lot_dates, inventory.orders, inventory.purchases, inventory.transfers,
    inventory.partitions, inventory.offsets, inventory.event_ids, inventory.ticks,
    inventory.intake, inventory.rejects, inventory.lag,
    inventory.device_sequences, inventory.device_blocks,
    inventory.rebalancing,
    inventory.occupancy_hourly, inventory.expiry_daily, inventory.series_runs,
    inventory.totals_made, inventory.stock_totals, inventory.shortage_totals, inventory.zone_totals,
    inventory.expiry_totals, inventory.special_totals, inventory.turnover_totals,
    inventory.response_totals
    TO waterline_writer;
-- What has passed is added to, and goes only by forget().
GRANT INSERT, UPDATE ON inventory.throughput TO waterline_writer;
GRANT INSERT ON inventory.movements, inventory.journal, inventory.stock_history
    TO waterline_writer;
-- Measurements of a month ago may go, and an episode's standing changes; its transitions do not.
GRANT INSERT, DELETE ON inventory.invariants TO waterline_writer;
GRANT INSERT, UPDATE, DELETE ON inventory.alert_state TO waterline_writer;
GRANT INSERT, UPDATE ON inventory.alert_times, inventory.actions TO waterline_writer;
GRANT INSERT ON inventory.alerts, inventory.outbox TO waterline_writer;
-- The relay sends what others have written, and notes how each try went. Only it and the owner see
-- the secrets of endpoints.
GRANT USAGE ON SCHEMA inventory TO waterline_relay;
GRANT SELECT ON
    inventory.outbox, inventory.dispatches, inventory.deliveries, inventory.endpoints,
    inventory.endpoint_secrets, inventory.alert_times, inventory.partitions,
    inventory.undelivered, inventory.delivery_proof
    TO waterline_relay;
GRANT INSERT ON inventory.dispatches, inventory.deliveries TO waterline_relay;
GRANT UPDATE ON inventory.dispatches TO waterline_relay;
GRANT UPDATE (spread, answered) ON inventory.outbox TO waterline_relay;
GRANT UPDATE (active, failures, open_until) ON inventory.endpoints TO waterline_relay;
GRANT UPDATE (sent_at) ON inventory.alert_times TO waterline_relay;
REVOKE ALL ON inventory.endpoint_secrets
    FROM waterline_writer, waterline_analyst, waterline_gateway;
-- Old rows go only by forget(), as table retention says, which administrators write.
REVOKE EXECUTE ON FUNCTION inventory.forget(text, boolean, timestamptz),
    inventory.balance_movements(timestamptz) FROM waterline_writer, waterline_analyst,
    waterline_gateway;
GRANT EXECUTE ON FUNCTION inventory.forget(text, boolean, timestamptz) TO waterline_writer;

-- What a later migration adds follows by itself, without write access until it is said here.
ALTER DEFAULT PRIVILEGES IN SCHEMA inventory
    GRANT SELECT ON TABLES TO waterline_writer, waterline_analyst, waterline_gateway;
ALTER DEFAULT PRIVILEGES IN SCHEMA screen
    GRANT SELECT ON TABLES TO waterline_screen, waterline_analyst, waterline_gateway;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
