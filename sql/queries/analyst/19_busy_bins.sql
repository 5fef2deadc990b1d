-- en: From which bins is picked most: the heat of the floor.
-- zh-CN: 哪些库位拣货最多：库区热度。
-- en columns: a row per bin; zone, place on the floor (x, y), picks (outbound scans), units, SKUs picked, share_percent of the warehouse's picks.
-- zh-CN columns: 每库位一行；zone 库区，x、y 位置，picks 拣货次数，units 数量，skus 涉及 SKU 数，share_percent 占本仓拣货的百分比。
-- :days integer | last days up to the clock; 14 | 时钟前的天数；默认 14
-- :warehouse text | only this warehouse | 仅此仓库
-- :limit integer | most rows; 200 | 最多行数；默认 200
with picked as (
    select m.warehouse, m.bin, m.sku, count(*) filter (where not m.correction) as picks,
        -sum(m.quantity) as units
    from movements as m
    where m.type = 'outbound'
      and m.occurred_at > (select min(clock_at) from clocks)
          - interval '1 day' * coalesce(%(days)s::integer, 14)
      and (%(warehouse)s::text is null or m.warehouse = %(warehouse)s)
    group by m.warehouse, m.bin, m.sku
),
heat as (
    select p.warehouse, p.bin, sum(p.picks) as picks, sum(p.units) as units, count(*) as skus,
        round(100 * sum(p.picks) / nullif(sum(sum(p.picks)) over (partition by p.warehouse), 0), 2)
            as share_percent
    from picked as p
    where p.units <> 0
    group by p.warehouse, p.bin
)
select h.warehouse, n.zone, h.bin, n.x, n.y, h.picks, h.units, h.skus, h.share_percent
from heat as h
left join bins as n using (warehouse, bin)
order by h.picks desc, h.units desc, h.warehouse, h.bin
limit coalesce(%(limit)s::bigint, 200)
