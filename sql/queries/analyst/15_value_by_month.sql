-- en: What the stock was worth at the end of each month, and what left it by sale.
-- zh-CN: 每月末库存货值，以及当月销售出库成本。
-- en columns: a row per warehouse and month (of today: so far); on_hand and value at its end, change of value, issue_cost of the month.
-- zh-CN columns: 每仓每月一行（本月为至今）；on_hand、value 为月末在库与货值，change 为货值变化，issue_cost 为当月出库成本。
-- :months integer | months, this one included; 13 | 月数，含本月；默认 13
-- :warehouse text | only this warehouse | 仅此仓库
-- :category text | only this category | 仅此品类
with months as (
    select c.warehouse, c.today, m.month_on::date as month_on
    from clocks as c
    cross join lateral generate_series(
        date_trunc('month', c.today::timestamp)
            - interval '1 month' * (coalesce(%(months)s::integer, 13) - 1),
        c.today::timestamp, interval '1 month') as m (month_on)
    where %(warehouse)s::text is null or c.warehouse = %(warehouse)s
),
sums as (
    select t.warehouse, greatest(date_trunc('month', t.day::timestamp)::date,
            (select min(month_on) from months) - 1) as month_on,
        sum(t.net) as net, sum(t.value_net) as value_net, sum(t.issue_cost) as issue_cost
    from turnover_daily as t
    join clocks as c on c.warehouse = t.warehouse and t.day <= c.today
    where %(category)s::text is null or t.category = %(category)s
    group by 1, 2
),
spine as (
    select warehouse, month_on from months
    union
    select warehouse, month_on from sums where month_on < (select min(month_on) from months)
),
levels as (
    select p.warehouse, p.month_on, coalesce(sum(s.net) over upto, 0) as on_hand,
        coalesce(sum(s.value_net) over upto, 0) as value, coalesce(s.value_net, 0) as change,
        coalesce(s.issue_cost, 0) as issue_cost
    from spine as p
    left join sums as s using (warehouse, month_on)
    window upto as (partition by p.warehouse order by p.month_on)
)
select l.warehouse, l.month_on, l.on_hand, l.value, l.change, l.issue_cost
from levels as l
join months as m using (warehouse, month_on)
order by l.month_on desc, l.warehouse
