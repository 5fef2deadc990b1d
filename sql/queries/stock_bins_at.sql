-- On hand per warehouse, bin, SKU, lot and status as of `at`, with what was known at `known_at`.
select a.warehouse, a.bin, n.zone, a.sku, i.name, i.name_zh, a.lot, a.status, a.on_hand as quantity
from stock_as_of(%(at)s::timestamptz, coalesce(%(known_at)s::timestamptz, now())) a
left join items i on i.sku = a.sku
left join bins n on n.warehouse = a.warehouse and n.bin = a.bin
where (%(warehouse)s::text is null or a.warehouse = %(warehouse)s)
  and (%(sku)s::text is null or a.sku = %(sku)s)
order by a.warehouse, a.sku, a.bin, a.lot, a.status
limit %(limit)s::bigint
