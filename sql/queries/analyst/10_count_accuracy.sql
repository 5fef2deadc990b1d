-- en: How far the books were from what was counted, per warehouse, month and operator.
-- zh-CN: 账面与实盘的差距，按仓库、月份、操作员。
-- en columns: counts, exact ones without any difference, counted units, missing and found units, accuracy_percent = 100 × (1 − Σ |difference| / counted).
-- zh-CN columns: counts 盘点数，exact 无差异者，counted 实盘数量，missing 盘亏，found 盘盈，accuracy_percent = 100 × (1 − Σ|差异| / 实盘)。
-- :months integer | months, this one included; 6 | 月数，含本月；默认 6
-- :warehouse text | only this warehouse | 仅此仓库
-- :operator text | only this operator | 仅此操作员
with since as materialized (
    select min(c.today) - interval '1 month' * coalesce(%(months)s::integer, 6) as at from clocks as c
),
-- A count's difference may have been corrected by late events: the sum of its rows is what holds.
cells as (
    select m.event_id, m.warehouse, m.sku, sum(m.quantity) as difference
    from movements as m
    where m.type = 'stocktake' and m.occurred_at > (select at from since) - interval '1 day'
      and (%(warehouse)s::text is null or m.warehouse = %(warehouse)s)
    group by m.event_id, m.warehouse, m.sku, m.lot, m.bin, m.status
),
differences as (
    select c.event_id, c.warehouse, c.sku, sum(greatest(-c.difference, 0)) as missing,
        sum(greatest(c.difference, 0)) as found
    from cells as c
    group by c.event_id, c.warehouse, c.sku
),
counted as (
    select n.warehouse, n.sku, n.event_id, n.operator,
        date_trunc('month', n.occurred_at at time zone c.timezone)::date as month_on,
        date_trunc('month', c.today::timestamp)::date as this_month,
        (select coalesce(sum((l ->> 'quantity')::numeric), 0) from jsonb_array_elements(n.lines) as l)
            as quantity
    from counts as n
    join clocks as c using (warehouse)
    where not n.cancelled and n.occurred_at > (select at from since) - interval '1 day'
      and (%(warehouse)s::text is null or n.warehouse = %(warehouse)s)
      and (%(operator)s::text is null or n.operator = %(operator)s)
)
select n.warehouse, n.month_on, n.operator, count(*) as counts,
    count(*) filter (where coalesce(d.missing, 0) + coalesce(d.found, 0) = 0) as exact,
    sum(n.quantity) as counted, coalesce(sum(d.missing), 0) as missing, coalesce(sum(d.found), 0) as found,
    round(100 * (1 - coalesce(sum(d.missing + d.found), 0) / nullif(sum(n.quantity), 0)), 2)
        as accuracy_percent
from counted as n
left join differences as d using (warehouse, sku, event_id)
where n.month_on > n.this_month - interval '1 month' * coalesce(%(months)s::integer, 6)
group by n.warehouse, n.month_on, n.operator
order by n.month_on desc, n.warehouse, n.operator
