-- on_hand = Σ stock_bins.quantity, per account; of the warehouses in `only`, or of all.
with bins as (
    select warehouse, sku, sum(quantity) as expected
    from inventory.stock_bins
    where %(only)s::text[] is null or warehouse = any(%(only)s::text[])
    group by warehouse, sku
),
kept as (
    select warehouse, sku, on_hand
    from inventory.stock
    where %(only)s::text[] is null or warehouse = any(%(only)s::text[])
)
select warehouse, sku, coalesce(b.expected, 0) as expected, coalesce(k.on_hand, 0) as found
from kept as k
full join bins as b using (warehouse, sku)
