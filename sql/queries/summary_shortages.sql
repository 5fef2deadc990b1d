-- The deepest shortages: available against safety stock.
select s.warehouse, s.sku, s.name, s.name_zh, s.category, s.available, s.safety_stock, s.in_transit, s.incoming
from screen.shortages s
limit %(limit)s::bigint
