-- Warehouses whose hours are due (%(now)s: all of them), and from which hour on to make them: the
-- earliest that a movement committed since the last run touches, or all that are kept when layout,
-- item sizes or the time zone are others. SKUs that came on the day of the last run's end or later
-- are not in its fingerprint, so that day is always made again.
with known as materialized (
    select c.warehouse, c.timezone, c.today, r.starts_at, r.ends_at, r.committed_to, r.fingerprint,
        date_trunc('hour', c.clock_at, 'UTC') as upto,
        (r.ends_at at time zone c.timezone)::date as bound
    from inventory.clocks c
    left join inventory.series_runs r on r.series = 'occupancy_hourly' and r.warehouse = c.warehouse
    where %(warehouse)s::text is null or c.warehouse = %(warehouse)s
),
due as materialized (
    select k.*, (k.upto at time zone k.timezone)::date as next_bound
    from known k
    where %(now)s or k.ends_at is distinct from k.upto
),
goods as (
    select d.warehouse, min(s.first_on) as first_on,
        coalesce(sum(h.hash) filter (where s.first_on < d.bound), 0) as before,
        coalesce(sum(h.hash) filter (where s.first_on < d.next_bound), 0) as after
    from due d
    join inventory.stock_figures s using (warehouse)
    left join inventory.items i
        on i.sku = s.sku and (i.unit_volume is not null or i.unit_weight is not null)
    cross join lateral (
        select case when i.sku is not null
                    then hash_record_extended(row(i.sku, i.unit_volume, i.unit_weight), 0) end
    ) as h (hash)
    group by d.warehouse
),
layout as (
    select b.warehouse, sum(hash_record_extended(row(b.bin, b.zone, coalesce(b.active, true),
        b.max_quantity, b.max_volume, b.max_weight), 1)) as hash
    from inventory.bin_places b
    group by b.warehouse
),
touched as (
    select m.warehouse, min(m.occurred_at) as at
    from inventory.movements m
    join due d using (warehouse)
    where m.committed_at > %(mark)s and m.committed_at > d.committed_to - interval '10 minutes'
    group by m.warehouse
),
kept as (
    select d.*, g.before + s.settled as now_fingerprint, g.after + s.settled as next_fingerprint,
        least(d.upto, date_trunc('hour', greatest(
            g.first_on::timestamp at time zone d.timezone,
            (d.today - (select r.keep_days from inventory.retention r
                        where r.relation = 'occupancy_hourly'))::timestamp at time zone d.timezone,
            (select max(r.gone_before) from inventory.retention r
             where r.relation in ('movements', 'occupancy_hourly'))),
            'UTC')) as starts,
        date_trunc('hour', least(d.bound::timestamp at time zone d.timezone, t.at), 'UTC') as again
    from due d
    join goods g using (warehouse)
    left join layout l using (warehouse)
    left join touched t using (warehouse)
    cross join lateral (
        select coalesce(l.hash, 0) + hashtextextended(d.timezone, 2)) as s (settled)
    where g.first_on is not null
)
select k.warehouse, k.timezone, k.starts, k.upto, k.next_fingerprint as fingerprint,
    coalesce(k.starts > k.starts_at, false) as shorter,
    case when k.fingerprint is distinct from k.now_fingerprint or k.starts < k.starts_at
         then k.starts
         else greatest(k.starts, least(k.upto, k.ends_at, k.again)) end as since
from kept k
order by k.warehouse
