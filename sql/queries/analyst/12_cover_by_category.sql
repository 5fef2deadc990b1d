-- en: How many days the stock of each category lasts at the demand of now.
-- zh-CN: 各品类库存按当前需求还能卖多少天。
-- en columns: a row per category; available and demand_per_day are sums, days_of_cover = the one / the other (NULL without demand), short SKUs that last less than `days`.
-- zh-CN columns: 每品类一行；available、demand_per_day 为合计，days_of_cover 为二者之比（无需求为 NULL），short 为不足 days 天的 SKU 数。
-- :days integer | less than this is short; 7 | 少于此天数为短缺；默认 7
-- :warehouse text | only this warehouse | 仅此仓库
select coalesce(i.category, '') as category, count(*) as skus, sum(f.available) as available,
    sum(f.demand_per_day) as demand_per_day,
    round(sum(f.available) / nullif(sum(f.demand_per_day), 0), 1) as days_of_cover,
    count(*) filter (
        where f.demand_per_day > 0 and f.available < f.demand_per_day * coalesce(%(days)s::integer, 7))
        as short,
    sum(f.value) as value
from stock_figures as f
left join items as i using (sku)
where %(warehouse)s::text is null or f.warehouse = %(warehouse)s
group by coalesce(i.category, '')
order by days_of_cover nulls last, category
