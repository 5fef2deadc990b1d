-- What each zone holds: the rows of zone_totals. Zone '' is what lies in no zone that is known.
with sums as (
    select z.warehouse, coalesce(z.zone, '') as zone, z.bins, z.free_bins, z.closed_bins, z.unknown_bins,
        z.overweight_bins, z.used_quantity, z.used_volume, z.used_weight, z.max_quantity, z.max_volume,
        z.max_weight, z.occupancy
    from inventory.zones z
),
kinds as (
    select d.warehouse, d.zone, count(*) as skus
    from (
        select distinct c.warehouse, coalesce(b.zone, '') as zone, c.sku
        from inventory.stock_bins c
        left join inventory.bin_places b using (warehouse, bin)
        where c.quantity <> 0
    ) as d
    group by d.warehouse, d.zone
)
select s.warehouse, s.zone, s.bins, s.free_bins, s.closed_bins, s.unknown_bins, s.overweight_bins,
    coalesce(k.skus, 0) as skus, s.used_quantity as quantity, s.used_volume as volume, s.used_weight as weight,
    s.max_quantity, s.max_volume, s.max_weight, s.occupancy
from sums s
left join kinds k using (warehouse, zone)
