-- en: What changed between two local days, both included, the largest change of value first.
-- zh-CN: 两个当地日之间（含首尾）的变化，货值变化最大者在前。
-- en columns: a row per warehouse and SKU that moved; opening + inbound − outbound + other = closing, issues = shipped less returned, value_change at the average cost.
-- zh-CN columns: 每仓每 SKU（有变动者）一行；opening + inbound − outbound + other = closing，issues = 出库减退货，value_change 为货值变化（平均成本）。
-- :from_day date | first local day; six days before today | 首日；默认今天的六天前
-- :to_day date | last local day; today | 末日；默认今天
-- :warehouse text | only this warehouse | 仅此仓库
-- :category text | only this category | 仅此品类
-- :sku text | only this SKU | 仅此 SKU
-- :limit integer | most rows; 100 | 最多行数；默认 100
with moved as (
    select d.warehouse, d.sku, first(d.opening, d.day) as opening, sum(d.inbound) as inbound,
        sum(d.outbound) as outbound, sum(d.other) as other, last(d.closing, d.day) as closing,
        sum(d.issues) as issues, sum(d.value_net) as value_change
    from stock_daily as d
    where d.day >= coalesce(%(from_day)s::date, (select min(today) from clocks) - 6)
      and d.day <= coalesce(%(to_day)s::date, (select max(today) from clocks))
      and (%(warehouse)s::text is null or d.warehouse = %(warehouse)s)
      and (%(sku)s::text is null or d.sku = %(sku)s)
    group by d.warehouse, d.sku
)
select m.warehouse, m.sku, i.name, i.name_zh, m.opening, m.inbound, m.outbound, m.other, m.closing,
    m.issues, m.value_change
from moved as m
left join items as i using (sku)
where %(category)s::text is null or i.category = %(category)s
order by abs(m.value_change) desc, m.warehouse, m.sku
limit coalesce(%(limit)s::bigint, 100)
