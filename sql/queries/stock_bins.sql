-- Current stock at its finest grain: warehouse, bin, SKU, lot, status.
select b.warehouse, b.bin, n.zone, b.sku, i.name, i.name_zh, b.lot, b.status, b.quantity, b.expires_on,
       b.expires_on - (now() at time zone coalesce(w.timezone, %(zone)s::text))::date as days_to_expiry, b.received_at
from stock_bins b
left join items i on i.sku = b.sku
left join bins n on n.warehouse = b.warehouse and n.bin = b.bin
left join warehouses w on w.warehouse = b.warehouse
left join stock s on s.warehouse = b.warehouse and s.sku = b.sku
where (%(warehouse)s::text is null or b.warehouse = %(warehouse)s)
  and (%(sku)s::text is null or b.sku = %(sku)s)
  and (%(level)s::text is null or s.water_level = %(level)s)
order by b.warehouse, b.sku, b.bin, b.lot, b.status
limit %(limit)s::bigint
