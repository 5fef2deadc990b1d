-- Current stock per warehouse and SKU; with a level, the furthest from its limit first.
select s.warehouse, s.sku, i.name, i.name_zh, i.category, s.on_hand, s.on_hold, s.reserved, s.available,
       s.in_transit, s.incoming, s.projected, s.safety_stock, s.reorder_point, s.max_stock, s.water_level,
       s.days_of_cover, s.unit_cost, s.value, s.counted_to, s.updated_at, s.version
from stock s
left join items i on i.sku = s.sku
where (%(warehouse)s::text is null or s.warehouse = %(warehouse)s)
  and (%(sku)s::text is null or s.sku = %(sku)s)
  and (%(level)s::text is null or s.water_level = %(level)s)
order by case when %(level)s = 'over' then s.max_stock - s.on_hand
              when %(level)s is not null then s.available - coalesce(s.safety_stock, 0) end,
         s.warehouse, s.sku
limit %(limit)s::bigint
