-- en: How much of what was ordered was shipped, per warehouse and week (Monday) in which it was due.
-- zh-CN: 每仓每周（周一起，按应发日期）的订单满足率。
-- en columns: closed and overdue lines; wanted = ordered less cancelled, in_full lines shipped whole, line_fill_percent of lines, fill_percent of units.
-- zh-CN columns: 已关闭及已逾期的订单行；wanted = 订购减取消，in_full 为足量发货行数，line_fill_percent 按行，fill_percent 按数量。
-- :weeks integer | weeks, this one included; 8 | 周数，含本周；默认 8
-- :warehouse text | only this warehouse | 仅此仓库
with clock as materialized (
    select min(c.clock_at) as at, coalesce(%(weeks)s::integer, 8) as weeks from clocks as c
),
-- First by quarters of an hour, which every time zone keeps: a time zone is asked once for each.
slots as (
    select o.warehouse, date_bin('15 minutes', coalesce(o.due_at, o.occurred_at), 'epoch') as slot,
        count(*) as lines, count(*) filter (where o.shipped >= o.ordered - o.cancelled) as in_full,
        sum(greatest(o.ordered - o.cancelled, 0)) as wanted,
        sum(least(o.shipped, greatest(o.ordered - o.cancelled, 0))) as shipped,
        sum(o.cancelled) as cancelled
    from orders as o
    where coalesce(o.due_at, o.occurred_at)
            > (select at - interval '1 week' * (weeks + 1) from clock)
      and (o.state = 'closed' or o.due_at <= (select at from clock))
      and (o.ordered > o.cancelled or o.shipped > 0)
      and (%(warehouse)s::text is null or o.warehouse = %(warehouse)s)
    group by o.warehouse, slot
),
weeks as (
    select s.*, date_trunc('week', s.slot at time zone c.timezone)::date as week_on,
        date_trunc('week', c.today::timestamp)::date as this_week
    from slots as s
    join clocks as c using (warehouse)
)
select w.warehouse, w.week_on, sum(w.lines) as lines, sum(w.in_full) as in_full,
    round(100.0 * sum(w.in_full) / sum(w.lines), 2) as line_fill_percent, sum(w.wanted) as wanted,
    sum(w.shipped) as shipped, sum(w.cancelled) as cancelled,
    round(100 * sum(w.shipped) / nullif(sum(w.wanted), 0), 2) as fill_percent
from weeks as w
where w.week_on > w.this_week - 7 * (select weeks from clock) and w.week_on <= w.this_week
group by w.warehouse, w.week_on
order by w.week_on desc, w.warehouse
