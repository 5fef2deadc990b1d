-- en: Which routes between warehouses are late, and what gets lost on them.
-- zh-CN: 哪些调拨线路迟到，途中丢失多少。
-- en columns: a row per route; transfers, arrived, on_time_percent of the arrived with a plan, late_now (past the plan and not whole), waiting units, days_on_way, lost units and their value.
-- zh-CN columns: 每条线路一行；transfers 数，arrived 已到，on_time_percent 准时率，late_now 已逾期未到齐，waiting 在途数量，days_on_way 平均天数，lost 丢失数量与货值。
-- :days integer | shipped in the last days; 90 | 最近若干天发出；默认 90
-- :from text | only from this warehouse | 仅此发出仓库
-- :to text | only to this warehouse | 仅此目的仓库
select t."from", t."to", count(*) as transfers,
    count(*) filter (where t.in_transit <= 0) as arrived,
    round(100.0 * count(*) filter (where t.in_transit <= 0 and t.received_at <= t.due_at)
        / nullif(count(*) filter (where t.in_transit <= 0 and t.received_at is not null
                                  and t.due_at is not null), 0), 2) as on_time_percent,
    count(*) filter (where t.in_transit > 0 and t.due_at < c.clock_at) as late_now,
    sum(greatest(t.in_transit, 0)) as waiting,
    round((avg(extract(epoch from t.received_at - t.shipped_at))
        filter (where t.in_transit <= 0) / 86400)::numeric, 2) as days_on_way,
    sum(t.lost) as lost, coalesce(sum(t.lost * coalesce(f.unit_cost, i.unit_cost)), 0) as lost_value
from transfers as t
join clocks as c on c.warehouse = t."to"
left join stock_figures as f on f.warehouse = t."from" and f.sku = t.sku
left join items as i on i.sku = t.sku
where coalesce(t.shipped_at, t.due_at, c.clock_at)
        > c.clock_at - interval '1 day' * coalesce(%(days)s::integer, 90)
  and (%(from)s::text is null or t."from" = %(from)s)
  and (%(to)s::text is null or t."to" = %(to)s)
group by t."from", t."to"
order by late_now desc, lost desc, t."from", t."to"
