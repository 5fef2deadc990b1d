-- en: How much of what is shipped customers send back, per category or SKU.
-- zh-CN: 客户退货率，按品类或 SKU。
-- en columns: shipped and returned units of the window, return_percent of the shipped, returned_value at the average cost of the day of the return.
-- zh-CN columns: 窗口内 shipped 出库与 returned 退货数量，return_percent 退货率，returned_value 按退货当日的平均成本。
-- :by category/sku | what a row is; category | 每行的范围；默认 category
-- :days integer | local days, today included; 30 | 当地天数，含今天；默认 30
-- :warehouse text | only this warehouse | 仅此仓库
-- :category text | only this category | 仅此品类
-- :limit integer | most rows; 100 | 最多行数；默认 100
select coalesce(i.category, '') as category,
    case when %(by)s::text = 'sku' then d.sku end as sku,
    sum(d.outbound) as shipped, sum(d.outbound - d.issues) as returned,
    round(100 * sum(d.outbound - d.issues) / nullif(sum(d.outbound), 0), 2) as return_percent,
    coalesce(sum((d.outbound - d.issues) * d.unit_cost), 0) as returned_value
from clocks as c
join stock_daily as d
    on d.warehouse = c.warehouse
    and d.day > c.today - coalesce(%(days)s::integer, 30) and d.day <= c.today
left join items as i on i.sku = d.sku
where d.day > (select min(today) from clocks) - coalesce(%(days)s::integer, 30)
  and (%(warehouse)s::text is null or d.warehouse = %(warehouse)s)
  and (%(category)s::text is null or i.category = %(category)s)
group by 1, 2
having sum(d.outbound) <> 0 or sum(d.outbound - d.issues) <> 0
order by sum(d.outbound - d.issues) desc, 1, 2
limit coalesce(%(limit)s::bigint, 100)
