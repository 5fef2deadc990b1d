-- A few SKUs whose code contains the text, for "did you mean".
select sku from (select sku from stock union select sku from items) s
where position(lower(%(text)s::text) in lower(sku)) > 0
order by length(sku), sku
limit 5
