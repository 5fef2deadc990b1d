-- The bins of a warehouse with their limits and how far they are from where goods leave.
select b.bin, b.zone, b.max_quantity, b.max_volume, b.max_weight, d.distance,
       coalesce(b.active, true) as active
from bin_places b
left join bin_distances d using (warehouse, bin)
where b.warehouse = %(warehouse)s
order by b.bin
