-- Stock and water levels per warehouse.
select l.warehouse, l.name, l.name_zh, l.skus, l.on_hand, l.available, l.value, l.red, l.yellow, l.green, l."over"
from screen.water_levels l
order by l.warehouse
