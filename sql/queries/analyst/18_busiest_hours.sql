-- en: At which local hours the work is done, by kind of work.
-- zh-CN: 一天中哪些当地小时最忙，按作业类型。
-- en columns: a row per warehouse and hour (0 to 23); events of the window by kind, total, per_day = total / days.
-- zh-CN columns: 每仓每小时（0–23）一行；窗口内各类事件数，total 合计，per_day = 合计 / 天数。
-- :days integer | last days up to the clock; 14 | 时钟前的天数；默认 14
-- :warehouse text | only this warehouse | 仅此仓库
with since as materialized (
    select min(clock_at) - interval '1 day' * coalesce(%(days)s::integer, 14) as at from clocks
),
slots as (
    select m.warehouse, m.type, date_bin('15 minutes', m.occurred_at, 'epoch') as slot, count(*) as n
    from movements as m
    where m.occurred_at > (select at from since) and not m.correction and not m.variance
      and not (m.type in ('move', 'status') and m.quantity < 0) -- two rows, one event
      and (%(warehouse)s::text is null or m.warehouse = %(warehouse)s)
    group by m.warehouse, m.type, slot
    union all
    select c.warehouse, 'stocktake', date_bin('15 minutes', c.occurred_at, 'epoch') as slot, count(*)
    from counts as c
    where c.occurred_at > (select at from since) and not c.cancelled
      and (%(warehouse)s::text is null or c.warehouse = %(warehouse)s)
    group by c.warehouse, slot
)
select s.warehouse, extract(hour from s.slot at time zone c.timezone)::integer as hour,
    coalesce(sum(s.n) filter (where s.type = 'inbound'), 0) as inbound,
    coalesce(sum(s.n) filter (where s.type = 'outbound'), 0) as outbound,
    coalesce(sum(s.n) filter (where s.type in ('transfer_out', 'transfer_in')), 0) as transfers,
    coalesce(sum(s.n) filter (where s.type = 'move'), 0) as moves,
    coalesce(sum(s.n) filter (where s.type = 'return'), 0) as returns,
    coalesce(sum(s.n) filter (where s.type = 'stocktake'), 0) as counts,
    coalesce(sum(s.n) filter (where s.type in ('adjustment', 'scrap', 'status')), 0) as others,
    sum(s.n) as total, round(sum(s.n) / coalesce(%(days)s::integer, 14), 1) as per_day
from slots as s
join clocks as c using (warehouse)
group by s.warehouse, hour
order by s.warehouse, hour
