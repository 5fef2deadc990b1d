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
upto as (
    select d.warehouse, d.sku, sum(d.closing - d.opening) as on_hand
    from stock_daily as d
    where (select early from side) and d.day <= (select day from asked)
      and (%(warehouse)s::text is null or d.warehouse = %(warehouse)s)
      and (%(sku)s::text is null or d.sku = %(sku)s)
    group by d.warehouse, d.sku
),
since as (
    select d.warehouse, d.sku, -sum(d.closing - d.opening) as on_hand
    from stock_daily as d
    where not (select early from side) and d.day > (select day from asked)
      and (%(warehouse)s::text is null or d.warehouse = %(warehouse)s)
      and (%(sku)s::text is null or d.sku = %(sku)s)
    group by d.warehouse, d.sku
),
now_on_hand as (
    select f.warehouse, f.sku, f.on_hand
    from stock_figures as f
    where not (select early from side)
      and (%(warehouse)s::text is null or f.warehouse = %(warehouse)s)
      and (%(sku)s::text is null or f.sku = %(sku)s)
),
-- What became known after `known_at`, of that day and before.
unknown as (
    select m.warehouse, m.sku, -sum(m.quantity) as on_hand
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
parts as (
    select * from upto
    union all
    select * from now_on_hand
    union all
    select * from since
    union all
    select * from unknown
),
then_on_hand as (
    select p.warehouse, p.sku, sum(p.on_hand) as on_hand
    from parts as p
    group by p.warehouse, p.sku
    having sum(p.on_hand) <> 0
)
select t.warehouse, t.sku, i.name, i.name_zh, i.category, t.on_hand, f.unit_cost,
    t.on_hand * f.unit_cost as value
from then_on_hand as t
left join items as i using (sku)
left join stock_figures as f using (warehouse, sku)
order by t.warehouse, t.sku
limit %(limit)s::bigint
