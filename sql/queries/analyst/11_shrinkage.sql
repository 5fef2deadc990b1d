-- en: What got lost and who booked it: count differences, scrap and reported losses, with value.
-- zh-CN: 损耗及其登记人：盘亏、报废与上报损失，附货值。
-- en columns: a row per warehouse and operator; missing in counts, scrapped, lost (reported), found (the other way), lost_value and net_value at today's average cost.
-- zh-CN columns: 每仓每操作员一行；missing 盘亏，scrapped 报废，lost 上报损失，found 盘盈，lost_value、net_value 按今天的平均成本。
-- :days integer | local days, today included; 90 | 当地天数，含今天；默认 90
-- :warehouse text | only this warehouse | 仅此仓库
-- :operator text | only this operator | 仅此操作员
-- Late events correct a count's rows and a cancel negates: what is left per event and cell holds.
with cells as (
    select m.event_id, m.type, m.warehouse, m.sku, max(m.operator) as operator, sum(m.quantity) as quantity
    from clocks as c
    join movements as m on m.warehouse = c.warehouse
    where m.type in ('stocktake', 'scrap', 'adjustment')
      and m.occurred_at > (select min(clock_at) from clocks)
          - interval '1 day' * (coalesce(%(days)s::integer, 90) + 1)
      and (m.occurred_at at time zone c.timezone)::date > c.today - coalesce(%(days)s::integer, 90)
      and (%(warehouse)s::text is null or m.warehouse = %(warehouse)s)
    group by m.event_id, m.type, m.warehouse, m.sku, m.lot, m.bin, m.status
    having sum(m.quantity) <> 0
)
select c.warehouse, c.operator,
    coalesce(-sum(c.quantity) filter (where c.type = 'stocktake' and c.quantity < 0), 0) as missing,
    coalesce(-sum(c.quantity) filter (where c.type = 'scrap'), 0) as scrapped,
    coalesce(-sum(c.quantity) filter (where c.type = 'adjustment' and c.quantity < 0), 0) as lost,
    coalesce(sum(c.quantity) filter (where c.type <> 'scrap' and c.quantity > 0), 0) as found,
    coalesce(-sum(c.quantity * f.unit_cost) filter (where c.quantity < 0), 0) as lost_value,
    coalesce(-sum(c.quantity * f.unit_cost), 0) as net_value
from cells as c
left join stock_figures as f using (warehouse, sku)
where %(operator)s::text is null or c.operator = %(operator)s
group by c.warehouse, c.operator
order by lost_value desc, c.warehouse, c.operator
