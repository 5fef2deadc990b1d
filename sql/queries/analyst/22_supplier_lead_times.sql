-- en: How long each supplier takes per SKU, from the order to the last receipt.
-- zh-CN: 各供应商每个 SKU 从下单到末次收货的时长。
-- en columns: a row per supplier and SKU; complete lines, mean_days, sd_days (sample deviation), p90_days, late_share of those with a due date, overdue open lines past theirs by the clock.
-- zh-CN columns: 每供应商每 SKU 一行；lines 已完成行数，mean_days 平均，sd_days 样本标准差，p90_days 九成分位，late_share 迟到比例，overdue 按时钟已逾期的未完成行数。
-- :since time | lines received from then on; all | 自此时刻起收货的行；默认全部
-- :supplier text | only this supplier | 仅此供应商
-- :warehouse text | only this warehouse | 仅此仓库
-- :sku text | only this SKU | 仅此 SKU
-- :limit integer | most rows; all | 最多行数；默认全部
with lines as (
    select p.counterpart as supplier, p.sku, p.lead_seconds, p.received_at > p.due_at as late
    from purchases as p
    left join clocks as c using (warehouse)
    where (p.lead_seconds is not null
               and (%(since)s::timestamptz is null or p.received_at >= %(since)s)
           or p.state = 'open' and p.ordered - p.cancelled > p.received and p.due_at < c.clock_at)
      and (%(warehouse)s::text is null or p.warehouse = %(warehouse)s)
      and (%(supplier)s::text is null or p.counterpart = %(supplier)s)
      and (%(sku)s::text is null or p.sku = %(sku)s)
),
times as (
    select l.supplier, l.sku, count(l.lead_seconds) as lines,
        round(avg(l.lead_seconds) / 86400, 2) as mean_days,
        round(stddev_samp(l.lead_seconds) / 86400, 2) as sd_days,
        round((percentile_cont(0.9) within group (order by l.lead_seconds) / 86400)::numeric, 2)
            as p90_days,
        round(avg(l.late::integer) filter (where l.lead_seconds is not null), 4) as late_share,
        count(*) filter (where l.lead_seconds is null) as overdue
    from lines as l
    group by l.supplier, l.sku
)
select t.supplier, t.sku, i.name, i.name_zh, t.lines, t.mean_days, t.sd_days, t.p90_days,
    t.late_share, t.overdue
from times as t
left join items as i using (sku)
order by t.supplier, t.lines desc, t.sku
limit %(limit)s::bigint
