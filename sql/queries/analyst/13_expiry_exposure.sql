-- en: How much stock expires in which window, and what it is worth.
-- zh-CN: 各效期区间的库存数量与货值。
-- en columns: a row per window (expired, ≤7 … beyond, none); cells (a lot in a bin and status) that hold something, quantity, value at the average cost, share_percent of the value.
-- zh-CN columns: 每效期区间一行（expired、≤7 … beyond、none）；cells 为有货的单元（批次在某库位与状态）数，quantity 数量，value 货值（平均成本），share_percent 占比。
-- :warehouse text | only this warehouse | 仅此仓库
-- :category text | only this category | 仅此品类
with priced as (
    select b.warehouse, b.expires_on, count(*) as cells, sum(b.quantity) as quantity,
        sum(b.quantity * f.unit_cost) as value
    from stock_bins as b
    left join stock_figures as f using (warehouse, sku)
    left join items as i using (sku)
    where b.quantity > 0
      and (%(warehouse)s::text is null or b.warehouse = %(warehouse)s)
      and (%(category)s::text is null or i.category = %(category)s)
    group by b.warehouse, b.expires_on
),
dated as (
    select p.*, p.expires_on - c.today as days
    from priced as p
    join clocks as c using (warehouse)
)
select expiry_window(d.days) as expiry_window, sum(d.cells) as cells, sum(d.quantity) as quantity,
    sum(d.value) as value,
    round(100 * sum(d.value) / nullif(sum(sum(d.value)) over (), 0), 2) as share_percent
from dated as d
group by expiry_window(d.days)
order by min(d.days) nulls last
