-- Stock that needs care, by kind: the rows of special_totals. A lot may be of several kinds.
select c.warehouse, coalesce(i.category, '') as category, k.kind, count(distinct c.sku) as skus,
    sum(c.quantity) as quantity, sum(c.quantity * s.unit_cost) as value
from inventory.stock_bins c
left join inventory.items i using (sku)
left join inventory.stock_figures s using (warehouse, sku)
cross join lateral (values
    ('fragile', i.fragile), ('high_value', i.high_value), ('bonded', i.bonded),
    ('on_hold', c.status = 'hold'), ('returned', c.status = 'returned'), ('damaged', c.status = 'damaged')
) as k (kind, holds)
where c.quantity <> 0 and k.holds
group by c.warehouse, coalesce(i.category, ''), k.kind
