-- en: What was on hand when a local day ended, as known now or as it was known at another time.
-- zh-CN: 某当地日结束时的在库数量（以现在所知，或以另一时刻所知为准）。
-- en columns: a row per warehouse and SKU; on_hand then, unit_cost of today, value = on_hand × that cost.
-- zh-CN columns: 每仓每 SKU 一行；on_hand 为当时在库，unit_cost 为今天的成本，value = 在库 × 该成本。
-- :day date | the local day; yesterday | 当地日；默认昨天
-- :known_at time | as known at this time; now | 以此时刻所知为准；默认现在
-- :warehouse text | only this warehouse | 仅此仓库
-- :sku text | only this SKU | 仅此 SKU
-- :limit integer | most rows; all | 最多行数；默认全部
with asked as materialized (
    select coalesce(%(day)s::date, (select min(today) from clocks) - 1) as day
),
-- The sum of the days up to it, or the present less the days after it, whichever are fewer.
side as materialized (
    select a.day, a.day < ((select min(day) from stock_daily) + (
        (select max(day) from stock_daily) - (select min(day) from stock_daily)) / 2) as early
    from asked as a
),
moved as (
    select d.warehouse, d.sku, sum(d.closing - d.opening) as net
    from stock_daily as d
    where (select early from side) and d.day <= (select day from asked)
      and (%(warehouse)s::text is null or d.warehouse = %(warehouse)s)
      and (%(sku)s::text is null or d.sku = %(sku)s)
    group by d.warehouse, d.sku
    union all
    select d.warehouse, d.sku, -sum(d.closing - d.opening)
    from stock_daily as d
    where not (select early from side) and d.day > (select day from asked)
      and (%(warehouse)s::text is null or d.warehouse = %(warehouse)s)
      and (%(sku)s::text is null or d.sku = %(sku)s)
    group by d.warehouse, d.sku
),
-- What became known after `known_at`, of that day and before.
unknown as (
    select m.warehouse, m.sku, sum(m.quantity) as net
    from clocks as c
    join movements as m
        on m.warehouse = c.warehouse
        and m.occurred_at < local_start((select day + 1 from asked), c.timezone)
    where m.committed_at > %(known_at)s::timestamptz
      and m.occurred_at < (select day + 2 from asked)
      and (%(warehouse)s::text is null or m.warehouse = %(warehouse)s)
      and (%(sku)s::text is null or m.sku = %(sku)s)
    group by m.warehouse, m.sku
),
then_on_hand as (
    select f.warehouse, f.sku, f.unit_cost,
        case when (select early from side) then 0 else f.on_hand end
            + coalesce(m.net, 0) - coalesce(u.net, 0) as on_hand
    from stock_figures as f
    left join moved as m using (warehouse, sku)
    left join unknown as u using (warehouse, sku)
    where (%(warehouse)s::text is null or f.warehouse = %(warehouse)s)
      and (%(sku)s::text is null or f.sku = %(sku)s)
)
select t.warehouse, t.sku, i.name, i.name_zh, i.category, t.on_hand, t.unit_cost,
    t.on_hand * t.unit_cost as value
from then_on_hand as t
left join items as i using (sku)
where t.on_hand <> 0
order by t.warehouse, t.sku
limit %(limit)s::bigint
