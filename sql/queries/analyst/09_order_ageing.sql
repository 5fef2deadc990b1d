-- en: Open order lines by the age of their latest image, in local days.
-- zh-CN: 未完成订单行按账龄（距最新内容的当地天数）分布。
-- en columns: a row per warehouse and age; lines, orders, units still to ship, their value at the average cost, overdue lines, oldest_at.
-- zh-CN columns: 每仓每账龄一行；lines 行数，orders 订单数，units 未发数量，value 货值（平均成本），overdue 逾期行数，oldest_at 最早时间。
-- :warehouse text | only this warehouse | 仅此仓库
with open_lines as (
    select o.warehouse, o.order_id, o.occurred_at, o.due_at < c.clock_at as overdue,
        c.today - (o.occurred_at at time zone c.timezone)::date as age,
        o.ordered - o.shipped - o.cancelled as units,
        (o.ordered - o.shipped - o.cancelled) * f.unit_cost as value
    from orders as o
    join clocks as c using (warehouse)
    left join stock_figures as f using (warehouse, sku)
    where o.state = 'open' and o.ordered - o.shipped - o.cancelled > 0
      and (%(warehouse)s::text is null or o.warehouse = %(warehouse)s)
),
bands as (
    select l.*, case
        when l.age <= 1 then 1 when l.age <= 3 then 2 when l.age <= 7 then 3
        when l.age <= 14 then 4 when l.age <= 30 then 5 when l.age > 30 then 6 else 7 end as band
    from open_lines as l
)
select b.warehouse, (array['≤1', '≤3', '≤7', '≤14', '≤30', 'beyond', 'none'])[b.band] as age_days,
    count(*) as lines, count(distinct b.order_id) as orders, sum(b.units) as units, sum(b.value) as value,
    count(*) filter (where b.overdue) as overdue, min(b.occurred_at) as oldest_at
from bands as b
group by b.warehouse, b.band
order by b.warehouse, b.band
