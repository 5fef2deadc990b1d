-- What lies in the bins of a warehouse, one row per bin, SKU, lot and whether it may be sold.
select c.bin, c.sku, c.lot, c.status = 'sellable' as sellable, sum(c.quantity) as quantity,
       i.unit_volume as volume, i.unit_weight as weight, k.abc, i.category,
       coalesce(i.fragile, false) as fragile, coalesce(i.high_value, false) as high_value,
       coalesce(i.bonded, false) as bonded,
       min(c.expires_on) as expires_on, min(c.received_at) as received_at,
       (select coalesce(sum(n), 0) from stock_figures s, unnest(s.demand) n
        where s.warehouse = %(warehouse)s and s.sku = c.sku) as issues
from stock_bins c
left join items i using (sku)
left join classes k on k.warehouse = c.warehouse and k.sku = c.sku
where c.warehouse = %(warehouse)s
group by c.bin, c.sku, c.lot, c.status = 'sellable', i.sku, k.abc
order by c.bin, c.sku, c.lot, sellable
