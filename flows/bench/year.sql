-- A year of a business, made by the server alone: hashes of running numbers are the chance, so the
-- same size gives the same rows. waterline.movements: how many; waterline.skus: of how many SKUs at
-- each of eight warehouses. Popularity is skewed; days, turnover and figures are worked out from the
-- movements as the fold would, with one unit cost per SKU; order lines cover the last 120 days.

create function pg_temp.chance(i bigint, seed bigint) returns double precision
language sql immutable parallel safe
return (hashint8extended(i, seed) & 4503599627370495)::double precision / 4503599627370496;

create function pg_temp.cost(sku bigint) returns numeric
language sql immutable parallel safe
return 1 + (hashint8extended(sku, 99) & 127);

insert into warehouses (warehouse, name, name_zh, timezone)
select 'W' || n, 'Warehouse ' || n, n || ' 号仓',
    case n when 7 then 'America/New_York' when 8 then 'Europe/Berlin' else 'Asia/Shanghai' end
from generate_series(1, 8) as n;

insert into partitions (warehouse, log_partition)
select 'W' || n, n - 1 from generate_series(1, 8) as n;

insert into offsets (log_partition, topic, clock_at)
select n, 'inventory.events', date_trunc('minute', now()) from generate_series(0, 7) as n;

insert into items (sku, name, name_zh, category, unit_cost, occurred_at, event_id)
select 'S' || n, 'Item ' || n, '商品 ' || n, 'C' || n % 24, pg_temp.cost(n), now(), 'i' || n
from generate_series(1, current_setting('waterline.skus')::bigint) as n;

insert into bins (warehouse, bin, zone, aisle, position, x, y, occurred_at, event_id)
select 'W' || w, 'B' || n, 'Z' || n / 200, 'A' || n / 40, n % 40, n % 40, n / 40, now(), 'b' || n
from generate_series(1, 8) as w, generate_series(0, 1999) as n;

insert into movements (occurred_at, warehouse, sku, lot, bin, status, type, quantity, variance,
    event_id, order_id, line_id, document, operator, device, counterpart, reason, due_at,
    committed_at, log_partition, log_offset)
with numbered as (
    select i, kind, case when kind < 0.875 then i else i - i % 2 end as e -- a move: two rows, one event
    from generate_series(1, current_setting('waterline.movements')::bigint) as i,
        lateral (select pg_temp.chance(i - i % 2, 3) as kind) as k
),
drawn as (
    select i, kind, e, 1 + (hashint8extended(e, 1) & 7) as w,
        1 + floor(current_setting('waterline.skus')::bigint * pg_temp.chance(e, 2) ^ 3)::bigint as s,
        now() - interval '365 days' * (1 - e / current_setting('waterline.movements')::double precision)
            * 0.9999 as at
    from numbered
),
typed as (
    select d.*, case
        when d.kind < 0.60 then 'outbound' when d.kind < 0.75 then 'inbound'
        when d.kind < 0.78 then 'return' when d.kind < 0.79 then 'scrap'
        when d.kind < 0.81 then 'stocktake' when d.kind < 0.84 then 'transfer_out'
        when d.kind < 0.87 then 'transfer_in' when d.kind < 0.875 then 'adjustment'
        else 'move' end as type,
        1 + floor(5 * pg_temp.chance(d.e, 4)) as units
    from drawn as d
)
select t.at, 'W' || t.w, 'S' || t.s,
    case when t.s % 5 < 3 then 'L' || t.s || '-' || extract(quarter from t.at) else '' end,
    'B' || (hashint8extended(t.s, t.w) + t.i % 2 & 1999),
    case when t.type = 'return' then 'returned' else 'sellable' end, t.type,
    case
        when t.type in ('outbound', 'scrap', 'transfer_out') then -t.units
        when t.type in ('stocktake', 'adjustment', 'move') and t.i % 2 = 0 then -t.units
        when t.type = 'inbound' then 5 * t.units
        else t.units end,
    t.type = 'stocktake', 'e' || t.e,
    case when t.type = 'outbound' then 'O' || t.i / 3 end,
    case when t.type = 'outbound' then (t.i % 3)::text end,
    case when t.type like 'transfer%' then 'T' || t.i when t.type = 'inbound' then 'P' || t.i / 20 end,
    'op-' || (hashint8extended(t.e, 5) & 63), 'pda-' || t.w || '-' || (hashint8extended(t.e, 6) & 7),
    case when t.type like 'transfer%' then 'W' || 1 + t.w % 8 end,
    case when t.type = 'scrap' then 'broken' end,
    case when t.type like 'transfer%' then t.at + interval '2 days' end,
    t.at + interval '2 seconds' * pg_temp.chance(t.e, 7)
        + case when t.e % 50 = 0 then interval '2 hours' else interval '0' end,
    t.w - 1, t.i
from typed as t;

analyze movements;

insert into stock_daily
with zones as materialized (
    select warehouse, timezone from warehouses
),
legs as (
    select m.warehouse, m.sku, (m.occurred_at at time zone z.timezone)::date as day, m.quantity,
        m.type, extract(epoch from m.occurred_at) as at,
        sum(m.quantity) over (
            partition by m.warehouse, m.sku order by m.occurred_at, m.event_id) as level
    from movements as m
    join zones as z using (warehouse)
),
days as (
    select warehouse, sku, day, sum(quantity) as net, sum(quantity * at) as moment,
        min(level) as least, max(level) as most,
        coalesce(sum(quantity) filter (where type = 'inbound'), 0) as inbound,
        coalesce(-sum(quantity) filter (where type = 'outbound'), 0) as outbound,
        coalesce(-sum(quantity) filter (where type in ('outbound', 'return')), 0) as issues,
        coalesce(sum(quantity) filter (where quantity > 0), 0) as received
    from legs
    group by warehouse, sku, day
),
levels as (
    select d.*, sum(d.net) over (partition by d.warehouse, d.sku order by d.day) as closing,
        extract(epoch from local_start(d.day, z.timezone)) as starts,
        extract(epoch from local_start(d.day + 1, z.timezone)) as ends,
        pg_temp.cost(substr(d.sku, 2)::bigint) as cost
    from days as d
    join zones as z using (warehouse)
)
select day, warehouse, sku, closing - net, inbound, outbound, net - inbound + outbound, closing,
    (closing * (ends - starts) - (moment - starts * net)) / 86400,
    least(least, closing - net), greatest(most, closing - net), issues, received, moment,
    cost, issues * cost, closing * cost, net * cost, moment * cost
from levels;

insert into turnover_daily
select d.day, d.warehouse, i.category, sum(d.issues), sum(d.issue_cost), sum(d.closing - d.opening),
    sum(d.moment), sum(d.value_net), sum(d.value_moment)
from stock_daily as d
join items as i using (sku)
group by d.day, d.warehouse, i.category;

insert into demand_daily
select d.day, d.warehouse, d.sku, d.issues
from stock_daily as d
join clocks as c using (warehouse)
where d.issues <> 0 and d.day < c.today;

insert into lot_dates (warehouse, sku, lot, expires_on, received_at)
select warehouse, sku, lot,
    (now() + interval '500 days' * pg_temp.chance(hashtextextended(lot, 1), 8))::date - 30,
    min(occurred_at)
from movements
where lot <> '' and type = 'inbound'
group by warehouse, sku, lot;

insert into stock_bins (warehouse, bin, sku, lot, status, quantity, expires_on, received_at)
select m.warehouse, m.bin, m.sku, m.lot, m.status, sum(m.quantity), min(l.expires_on),
    max(m.occurred_at)
from movements as m
left join lot_dates as l using (warehouse, sku, lot)
group by m.warehouse, m.bin, m.sku, m.lot, m.status
having sum(m.quantity) <> 0;

insert into orders (warehouse, order_id, line_id, sku, ordered, shipped, state, due_at, occurred_at)
select warehouse, order_id, line_id, sku, 1 - quantity,
    case when hashtextextended(event_id, 2) & 31 = 0 then 0 else 1 - quantity end,
    case when occurred_at > now() - interval '20 days'
        and hashtextextended(event_id, 2) & 31 = 0 then 'open' else 'closed' end,
    occurred_at + interval '1 day', occurred_at - interval '1 day'
from movements
where type = 'outbound' and occurred_at > now() - interval '120 days';

insert into purchases (warehouse, order_id, line_id, sku, ordered, received, state, due_at,
    counterpart, occurred_at, ordered_at, received_at, lead_seconds)
select warehouse, document, min(event_id), sku, sum(quantity), sum(quantity), 'closed',
    max(occurred_at) + interval '1 day', 'V' || (hashtextextended(sku, 3) & 31), max(occurred_at),
    max(occurred_at) - interval '1 second' * l.seconds, max(occurred_at), l.seconds
from movements
cross join lateral (
    select (86400 * (1 + (hashtextextended(document, 6) & 15)))::bigint as seconds
) as l
where type = 'inbound' and occurred_at > now() - interval '120 days'
group by warehouse, document, sku, l.seconds;

insert into transfers (document, sku, "from", "to", shipped, received, lost, due_at, shipped_at,
    received_at)
select document, sku, warehouse, counterpart, -quantity,
    case when occurred_at > now() - interval '3 days' then 0 else -quantity - l.lost end, l.lost,
    due_at, occurred_at,
    case when occurred_at <= now() - interval '3 days'
        then occurred_at + interval '3 days' * pg_temp.chance(log_offset, 9) end
from movements
cross join lateral (
    select case when log_offset % 40 = 0 and occurred_at <= now() - interval '3 days'
        then 1 else 0 end as lost
) as l
where type = 'transfer_out';

insert into counts (warehouse, sku, occurred_at, event_id, scope, lines, operator, device)
select warehouse, sku, occurred_at, event_id, 'lot', jsonb_build_array(jsonb_build_object(
    'lot', lot, 'bin', bin, 'status', status, 'quantity', (20 + log_offset % 80)::text)),
    operator, device
from movements
where type = 'stocktake';

insert into device_sequences (log_partition, device, warehouse, last_seq, last_seen_at, recorded, open_blocks)
select min(log_partition), device, min(warehouse), count(*), max(committed_at), count(*),
    least(count(*) & 1023, 1)
from movements
group by device;

-- Every number from 1 on: whole blocks are a bit each of the block above, the last one is open.
insert into device_blocks (device, span, first_seq, log_partition, bits)
select device, 1, (last_seq >> 10 << 10) + 1, log_partition,
    (repeat('1', (last_seq & 1023)::int) || repeat('0', (1024 - (last_seq & 1023))::int))::bit(1024)
from device_sequences
where last_seq & 1023 > 0
union all
select device, 1024, (u.above << 20) + 1, log_partition,
    (repeat('1', w.whole) || repeat('0', 1024 - w.whole))::bit(1024)
from device_sequences
cross join lateral generate_series(0, ((last_seq >> 10) - 1) >> 10) as u (above)
cross join lateral (select least((last_seq >> 10) - (u.above << 10), 1024)::int as whole) as w
where last_seq >> 10 > 0;

insert into stock_figures (warehouse, sku, on_hand, on_hold, reserved, available, in_transit, projected,
    safety_stock, reorder_point, water_level, unit_cost, value, moved_to, updated_at, first_on,
    issued_on, day, day_net, day_moment, day_issues, window_net, window_moment, window_issues,
    demand_per_day, layer_days, layer_quantities)
with held as (
    select warehouse, sku, sum(quantity) filter (where status <> 'sellable') as on_hold
    from stock_bins
    group by warehouse, sku
),
promised as (
    select warehouse, sku, sum(ordered - shipped - cancelled) as reserved
    from orders
    where state = 'open'
    group by warehouse, sku
),
coming as (
    select "to" as warehouse, sku, sum(in_transit) as in_transit
    from transfers
    group by "to", sku
),
moved as (
    select warehouse, sku, max(occurred_at) as moved_to,
        max(occurred_at) filter (where type = 'inbound') as received_at
    from movements
    group by warehouse, sku
),
sums as (
    select d.warehouse, d.sku, sum(d.closing - d.opening) as on_hand, min(d.day) as first_on,
        max(d.day) filter (where d.outbound > 0) as issued_on,
        coalesce(sum(d.closing - d.opening) filter (where d.day = c.today), 0) as day_net,
        coalesce(sum(d.moment) filter (where d.day = c.today), 0) as day_moment,
        coalesce(sum(d.issues) filter (where d.day = c.today), 0) as day_issues,
        coalesce(sum(d.issues) filter (where d.day between c.today - 28 and c.today - 1), 0) / 28.0
            as demand_per_day,
        array[
            coalesce(sum(d.closing - d.opening) filter (where d.day between c.today - 6 and c.today - 1), 0),
            coalesce(sum(d.closing - d.opening) filter (where d.day between c.today - 29 and c.today - 1), 0),
            coalesce(sum(d.closing - d.opening) filter (where d.day between c.today - 89 and c.today - 1), 0),
            coalesce(sum(d.closing - d.opening) filter (where d.day between c.today - 364 and c.today - 1), 0)
        ] as window_net,
        array[
            coalesce(sum(d.moment) filter (where d.day between c.today - 6 and c.today - 1), 0),
            coalesce(sum(d.moment) filter (where d.day between c.today - 29 and c.today - 1), 0),
            coalesce(sum(d.moment) filter (where d.day between c.today - 89 and c.today - 1), 0),
            coalesce(sum(d.moment) filter (where d.day between c.today - 364 and c.today - 1), 0)
        ] as window_moment,
        array[
            coalesce(sum(d.issues) filter (where d.day between c.today - 6 and c.today - 1), 0),
            coalesce(sum(d.issues) filter (where d.day between c.today - 29 and c.today - 1), 0),
            coalesce(sum(d.issues) filter (where d.day between c.today - 89 and c.today - 1), 0),
            coalesce(sum(d.issues) filter (where d.day between c.today - 364 and c.today - 1), 0)
        ] as window_issues,
        max(d.unit_cost) as unit_cost, min(c.today) as today
    from stock_daily as d
    join clocks as c using (warehouse)
    group by d.warehouse, d.sku
)
select s.warehouse, s.sku, s.on_hand, f.on_hold, f.reserved, s.on_hand - f.on_hold - f.reserved,
    f.in_transit, s.on_hand + f.in_transit - f.reserved, round(5 * s.demand_per_day), round(9 * s.demand_per_day),
    case when s.on_hand - f.on_hold - f.reserved < 4.5 * s.demand_per_day then 'red' else 'green' end,
    s.unit_cost, s.on_hand * s.unit_cost, m.moved_to, m.moved_to, s.first_on, s.issued_on, s.today,
    s.day_net, s.day_moment, s.day_issues, s.window_net, s.window_moment, s.window_issues,
    s.demand_per_day,
    case when s.on_hand > 0 then array[coalesce(m.received_at::date, s.first_on)] end,
    case when s.on_hand > 0 then array[s.on_hand] end
from sums as s
join moved as m using (warehouse, sku)
left join held as h using (warehouse, sku)
left join promised as p using (warehouse, sku)
left join coming as g using (warehouse, sku)
cross join lateral (
    select coalesce(h.on_hold, 0) as on_hold, coalesce(p.reserved, 0) as reserved,
        coalesce(g.in_transit, 0) as in_transit
) as f;

insert into classes (warehouse, sku, abc, xyz, issue_value, variation, day)
select s.warehouse, s.sku,
    case when r.upto <= 0.80 then 'A' when r.upto <= 0.95 then 'B' else 'C' end,
    (array['X', 'Y', 'Z'])[1 + (hashtextextended(s.sku, 4) % 3 + 3) % 3], r.issue_value, 0.5, s.day
from stock_figures as s
join lateral (
    select greatest(s.window_issues[3] * s.unit_cost, 0) as issue_value, 0.5 as upto
) as r on true;

update classes as c
set abc = case when r.upto <= 0.80 * r.whole then 'A' when r.upto <= 0.95 * r.whole then 'B' else 'C' end
from (
    select warehouse, sku,
        sum(issue_value) over (partition by warehouse order by issue_value desc, sku) as upto,
        sum(issue_value) over (partition by warehouse) as whole
    from classes
) as r
where r.warehouse = c.warehouse and r.sku = c.sku
