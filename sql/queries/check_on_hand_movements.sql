-- on_hand = Σ signed movements, per account, those included that are kept as a sum only; of the
-- SKUs in `only`, or of all.
with legs as (
    select warehouse, sku, sum(quantity) as expected
    from (
        select warehouse, sku, quantity from inventory.movements
        union all
        select warehouse, sku, quantity from inventory.movement_balances
    ) as m
    where %(only)s::text[] is null or sku = any(%(only)s::text[])
    group by warehouse, sku
),
kept as (
    select warehouse, sku, on_hand
    from inventory.stock
    where %(only)s::text[] is null or sku = any(%(only)s::text[])
)
select warehouse, sku, coalesce(l.expected, 0) as expected, coalesce(k.on_hand, 0) as found
from kept as k
full join legs as l using (warehouse, sku)
