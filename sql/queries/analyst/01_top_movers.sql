-- en: What sold most in the last local days, today up to the clock included.
-- zh-CN: 最近若干个当地日（含今天至时钟）卖得最多的商品。
-- en columns: a row per warehouse and SKU; issues = shipped less returned, issue_cost at the average cost of the time, share_percent of all that sold.
-- zh-CN columns: 每仓每 SKU 一行；issues = 出库减退货，issue_cost 按当时平均成本，share_percent 为占全部的百分比。
-- :days integer | local days, today included; 30 | 当地天数，含今天；默认 30
-- :by quantity/cost | what the order goes by; quantity | 排序依据；默认 quantity
-- :warehouse text | only this warehouse | 仅此仓库
-- :category text | only this category | 仅此品类
-- :limit integer | most rows; 50 | 最多行数；默认 50
with sold as (
    select d.warehouse, d.sku, sum(d.issues) as issues, sum(d.issue_cost) as issue_cost
    from clocks as c
    join stock_daily as d
        on d.warehouse = c.warehouse
        and d.day > c.today - coalesce(%(days)s::integer, 30) and d.day <= c.today
    where d.day > (select min(today) from clocks) - coalesce(%(days)s::integer, 30)
      and (%(warehouse)s::text is null or d.warehouse = %(warehouse)s)
    group by d.warehouse, d.sku
),
ranked as (
    select s.*, case coalesce(%(by)s::text, 'quantity') when 'cost' then s.issue_cost else s.issues end
        as rank
    from sold as s
    where %(category)s::text is null
       or exists (select from items as i where i.sku = s.sku and i.category = %(category)s)
),
first_ones as (
    select r.*, sum(r.rank) over () as whole
    from ranked as r
    order by r.rank desc, r.warehouse, r.sku
    limit coalesce(%(limit)s::bigint, 50)
)
select o.warehouse, o.sku, i.name, i.name_zh, i.category, o.issues, o.issue_cost,
    round(100 * o.rank / nullif(o.whole, 0), 2) as share_percent, f.on_hand
from first_ones as o
left join items as i using (sku)
left join stock_figures as f using (warehouse, sku)
where o.rank > 0
order by o.rank desc, o.warehouse, o.sku
