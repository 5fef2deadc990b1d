-- Lots that still hold stock and expire next, the earliest first.
select l.warehouse, l.sku, i.name, i.name_zh, l.lot, l.quantity, l.expires_on, l.days_to_expiry
from lots l
left join items i on i.sku = l.sku
where l.quantity > 0 and l.days_to_expiry >= 0
order by l.expires_on, l.quantity desc, l.warehouse, l.sku, l.lot
limit %(limit)s::bigint
