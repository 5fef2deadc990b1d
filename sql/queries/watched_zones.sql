-- How full the zones of a warehouse are by its clock; `most` is the most that each was in its
-- latest `hours`, at most 24, of the day before. Another condition on the view `zones` would have
-- it add up the stock of all warehouses.
with place as materialized (
    select d.warehouse, d.clock_at
    from local_days d
    where d.warehouse = %(warehouse)s
),
held as materialized (
    select z.zone, z.occupancy, z.bins, z.free_bins from zones z where z.warehouse = %(warehouse)s
)
select z.zone, z.occupancy, z.bins, z.free_bins, p.clock_at, h.hours, h.most,
       policy_in((select policy_values('zone_full_percent')), policy_default('zone_full_percent'),
           p.warehouse) as full_percent,
       policy_in((select policy_values('zone_idle_percent')), policy_default('zone_idle_percent'),
           p.warehouse) as idle_percent
from held z
cross join place p
cross join lateral (
    select count(*) as hours, max(t.occupancy) as most
    from (
        select o.occupancy
        from occupancy_hourly o
        where o.warehouse = %(warehouse)s and o.zone = z.zone
          and o.hour >= p.clock_at - interval '26 hours' and o.hour < p.clock_at
        order by o.hour desc
        limit 24
    ) as t
) as h
where z.zone is not null and z.occupancy is not null
