-- What is proposed to be moved, in the order in which to do it.
select r.*, i.name, i.name_zh
from rebalancing r
left join items i using (sku)
where %(warehouse)s::text is null or r.warehouse = %(warehouse)s
order by r.warehouse, r.n
