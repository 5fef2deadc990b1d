-- en: How much of what is shipped customers send back, per category or SKU.
-- zh-CN: 客户退货率，按品类或 SKU。
-- en columns: shipped and returned units of the window, return_percent of the shipped, returned_value at today's average cost.
-- zh-CN columns: 窗口内 shipped 出库与 returned 退货数量，return_percent 退货率，returned_value 按今天平均成本。
-- :by category/sku | what a row is; category | 每行的范围；默认 category
-- :days integer | local days, today included; 30 | 当地天数，含今天；默认 30
-- :warehouse text | only this warehouse | 仅此仓库
-- :category text | only this category | 仅此品类
-- :limit integer | most rows; 100 | 最多行数；默认 100
with sold as (
    select d.warehouse, d.sku, sum(d.outbound) as shipped, sum(d.outbound - d.issues) as returned
    from clocks as c
    join stock_daily as d
        on d.warehouse = c.warehouse
        and d.day > c.today - coalesce(%(days)s::integer, 30) and d.day <= c.today
    where d.day > (select min(today) from clocks) - coalesce(%(days)s::integer, 30)
      and (%(warehouse)s::text is null or d.warehouse = %(warehouse)s)
    group by d.warehouse, d.sku
),
valued as (
    select coalesce(i.category, '') as category,
        case when %(by)s::text = 'sku' then s.sku end as sku, s.shipped, s.returned,
        s.returned * f.unit_cost as returned_value
    from sold as s
    left join items as i using (sku)
    left join stock_figures as f using (warehouse, sku)
    where %(category)s::text is null or i.category = %(category)s
)
select v.category, v.sku, sum(v.shipped) as shipped, sum(v.returned) as returned,
    round(100 * sum(v.returned) / nullif(sum(v.shipped), 0), 2) as return_percent,
    coalesce(sum(v.returned_value), 0) as returned_value
from valued as v
group by v.category, v.sku
having sum(v.shipped) <> 0 or sum(v.returned) <> 0
order by sum(v.returned) desc, v.category, v.sku
limit coalesce(%(limit)s::bigint, 100)
