-- On hand per warehouse and SKU as of `at`, with what was known at `known_at`.
select a.warehouse, a.sku, i.name, i.name_zh, sum(a.on_hand) as on_hand
from stock_as_of(%(at)s::timestamptz, coalesce(%(known_at)s::timestamptz, now())) a
left join items i on i.sku = a.sku
where (%(warehouse)s::text is null or a.warehouse = %(warehouse)s)
  and (%(sku)s::text is null or a.sku = %(sku)s)
group by a.warehouse, a.sku, i.name, i.name_zh
having sum(a.on_hand) <> 0
order by a.warehouse, a.sku
limit %(limit)s::bigint
