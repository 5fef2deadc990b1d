-- reserved = Σ max(ordered − shipped − cancelled, 0) over open order lines, per account.
with lines as (
    select warehouse, sku, sum(greatest(ordered - shipped - cancelled, 0)) as expected
    from inventory.orders
    where state = 'open'
    group by warehouse, sku
),
kept as (
    select warehouse, sku, reserved from inventory.stock where reserved <> 0
)
select warehouse, sku, coalesce(l.expected, 0) as expected, coalesce(k.reserved, 0) as found
from kept as k
full join lines as l using (warehouse, sku)
