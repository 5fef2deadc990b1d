-- What each zone held at the end of each hour from `since` to before `upto`: what it held at the end less
-- all that moved after that hour. The end is the present where all rows are made (`whole`), else what the
-- hour before `since` says and what moved since then. Zone '' is bins without a zone, unknown ones and
-- stock without a bin.
with due as materialized (
    select *
    from unnest(%(warehouses)s::text[], %(sinces)s::timestamptz[], %(uptos)s::timestamptz[],
        %(wholes)s::boolean[]) as d (warehouse, since, upto, whole)
),
zones as (
    select z.warehouse, coalesce(z.zone, '') as zone, count(z.bin) as bins,
        sum(z.max_quantity) filter (where z.active) as max_quantity,
        sum(z.max_volume) filter (where z.active) as max_volume,
        sum(z.max_weight) filter (where z.active) as max_weight
    from (
        select b.warehouse, b.zone, b.bin, coalesce(b.active, true) as active,
            b.max_quantity, b.max_volume, b.max_weight
        from inventory.bin_places b
        join due d using (warehouse)
        union all
        select d.warehouse, '', null, false, null, null, null from due d
    ) as z
    group by z.warehouse, coalesce(z.zone, '')
),
changes as (
    select d.warehouse, m.bin, m.sku, -m.quantity as quantity,
        least(date_trunc('hour', m.occurred_at, 'UTC'), d.upto) as hour
    from inventory.movements m
    join due d using (warehouse)
    where m.occurred_at >= %(after)s and m.occurred_at >= d.since
      and (d.whole or m.occurred_at < d.upto)
    union all
    select d.warehouse, m.bin, m.sku, m.quantity, d.upto
    from inventory.movements m
    join due d on d.warehouse = m.warehouse and not d.whole
    where m.occurred_at >= %(after)s and m.occurred_at >= d.since and m.occurred_at < d.upto
    union all
    select d.warehouse, c.bin, c.sku, c.quantity, d.upto
    from inventory.stock_bins c
    join due d on d.warehouse = c.warehouse and d.whole
),
sums as (
    select c.warehouse, coalesce(p.zone, '') as zone, c.hour,
        sum(c.quantity) as quantity,
        sum(c.quantity * i.unit_volume) as volume,
        sum(c.quantity * i.unit_weight) as weight,
        sum(c.quantity) filter (where p.active and p.max_quantity > 0) as filled_quantity,
        sum(c.quantity * i.unit_volume) filter (where p.active and p.max_volume > 0)
            as filled_volume,
        sum(c.quantity * i.unit_weight) filter (where p.active and p.max_weight > 0)
            as filled_weight
    from changes c
    left join (
        select warehouse, bin, zone, coalesce(active, true) as active, max_quantity, max_volume,
            max_weight
        from inventory.bin_places
    ) as p using (warehouse, bin)
    left join inventory.items i on i.sku = c.sku
    group by c.warehouse, coalesce(p.zone, ''), c.hour
),
points as ( -- not a join of hours and sums: it must not cost hours × hours whatever is expected
    select s.* from sums s
    union all
    select o.warehouse, o.zone, d.upto, o.quantity, o.volume, o.weight, o.filled_quantity,
        o.filled_volume, o.filled_weight
    from inventory.occupancy_hourly o
    join due d on d.warehouse = o.warehouse and not d.whole and o.hour = d.since - interval '1 hour'
    where o.hour >= %(before)s
    union all
    select z.warehouse, z.zone, h.hour, 0, 0, 0, 0, 0, 0
    from due d
    join zones z using (warehouse)
    cross join lateral generate_series(d.since, d.upto, interval '1 hour') as h (hour)
),
states as (
    select p.warehouse, p.zone, p.hour,
        coalesce(sum(sum(p.quantity)) over later, 0) as quantity,
        coalesce(sum(sum(p.volume)) over later, 0) as volume,
        coalesce(sum(sum(p.weight)) over later, 0) as weight,
        coalesce(sum(sum(p.filled_quantity)) over later, 0) as filled_quantity,
        coalesce(sum(sum(p.filled_volume)) over later, 0) as filled_volume,
        coalesce(sum(sum(p.filled_weight)) over later, 0) as filled_weight
    from points p
    group by p.warehouse, p.zone, p.hour
    window later as (partition by p.warehouse, p.zone order by p.hour desc
                     rows between unbounded preceding and 1 preceding)
),
made as materialized (
    select s.hour, s.warehouse, s.zone, z.bins, s.quantity, s.volume, s.weight, z.max_quantity,
        z.max_volume, z.max_weight, s.filled_quantity, s.filled_volume, s.filled_weight,
        inventory.occupancy(s.filled_quantity, z.max_quantity, s.filled_volume, z.max_volume,
            s.filled_weight, z.max_weight) as occupancy
    from states s
    join due d using (warehouse)
    join zones z using (warehouse, zone)
    where s.hour < d.upto and (z.bins > 0 or s.quantity <> 0 or s.volume <> 0 or s.weight <> 0)
),
gone as (
    delete from inventory.occupancy_hourly o
    using due d
    where o.hour >= %(oldest)s and o.warehouse = d.warehouse and o.hour >= d.since
      and not exists (
        select from made m
        where m.warehouse = o.warehouse and m.zone = o.zone and m.hour = o.hour)
)
insert into inventory.occupancy_hourly as o
    (hour, warehouse, zone, bins, quantity, volume, weight, max_quantity, max_volume, max_weight,
     filled_quantity, filled_volume, filled_weight, occupancy)
select * from made
on conflict (warehouse, zone, hour) do update set
    bins = excluded.bins, quantity = excluded.quantity, volume = excluded.volume,
    weight = excluded.weight, max_quantity = excluded.max_quantity,
    max_volume = excluded.max_volume, max_weight = excluded.max_weight,
    filled_quantity = excluded.filled_quantity, filled_volume = excluded.filled_volume,
    filled_weight = excluded.filled_weight, occupancy = excluded.occupancy
where (o.bins, o.quantity, o.volume, o.weight, o.max_quantity, o.max_volume, o.max_weight,
       o.filled_quantity, o.filled_volume, o.filled_weight, o.occupancy)
    is distinct from
      (excluded.bins, excluded.quantity, excluded.volume, excluded.weight, excluded.max_quantity,
       excluded.max_volume, excluded.max_weight, excluded.filled_quantity, excluded.filled_volume,
       excluded.filled_weight, excluded.occupancy)
