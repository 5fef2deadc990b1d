-- Lots that hold stock by the days that they have left: the rows of expiry_totals.
select l.warehouse, coalesce(i.category, '') as category, l.expiry_window,
    count(*) as lots, sum(l.quantity) as quantity, sum(l.sellable) as sellable_quantity, sum(l.value) as value
from inventory.lots l
left join inventory.items i using (sku)
where l.quantity <> 0
group by l.warehouse, coalesce(i.category, ''), l.expiry_window
