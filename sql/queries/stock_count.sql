-- How many rows `stock` has for the same filter.
select count(*) as rows
from stock s
where (%(warehouse)s::text is null or s.warehouse = %(warehouse)s)
  and (%(sku)s::text is null or s.sku = %(sku)s)
  and (%(level)s::text is null or s.water_level = %(level)s)
