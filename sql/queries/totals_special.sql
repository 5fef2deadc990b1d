-- Stock that needs care, by kind: the rows of special_totals. A lot may be of several kinds.
with cells as (
    select c.warehouse, c.sku, c.status, sum(c.quantity) as quantity
    from inventory.stock_bins c
    where c.quantity <> 0
    group by c.warehouse, c.sku, c.status
),
kinds as (
    select c.warehouse, c.sku, coalesce(i.category, '') as category, k.kind, c.quantity
    from cells c
    left join inventory.items i using (sku)
    cross join lateral (values
        ('fragile', i.fragile), ('high_value', i.high_value), ('bonded', i.bonded),
        ('on_hold', c.status = 'hold'), ('returned', c.status = 'returned'),
        ('damaged', c.status = 'damaged')
    ) as k (kind, holds)
    where k.holds
)
select k.warehouse, k.category, k.kind, count(distinct k.sku) as skus, sum(k.quantity) as quantity,
    sum(k.quantity * s.unit_cost) as value
from kinds k
left join inventory.stock_figures s using (warehouse, sku)
group by k.warehouse, k.category, k.kind
