-- stock.in_transit at the destination = Σ shipped − received − lost of the transfers towards it.
with coming as (
    select "to" as warehouse, sku, sum(in_transit) as expected
    from inventory.transfers
    group by "to", sku
),
kept as (
    select warehouse, sku, in_transit from inventory.stock where in_transit <> 0
)
select warehouse, sku, coalesce(c.expected, 0) as expected, coalesce(k.in_transit, 0) as found
from kept as k
full join coming as c using (warehouse, sku)
where c.expected <> 0 or k.in_transit is not null
