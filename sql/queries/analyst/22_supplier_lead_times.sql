-- en: How long each supplier takes per SKU, from the order to the last receipt.
-- zh-CN: 各供应商每个 SKU 从下单到末次收货的时长。
-- en columns: a row per supplier and SKU; complete lines, mean_days, sd_days (sample deviation), p90_days, late_share of those with a due date, overdue open lines past theirs by the clock.
-- zh-CN columns: 每供应商每 SKU 一行；lines 已完成行数，mean_days 平均，sd_days 样本标准差，p90_days 九成分位，late_share 迟到比例，overdue 按时钟已逾期的未完成行数。
-- :since time | lines received from then on; all | 自此时刻起收货的行；默认全部
-- :supplier text | only this supplier | 仅此供应商
-- :warehouse text | only this warehouse | 仅此仓库
-- :sku text | only this SKU | 仅此 SKU
-- :limit integer | most rows; all | 最多行数；默认全部
select p.counterpart as supplier, p.sku, i.name, i.name_zh,
       count(p.lead_seconds) as lines,
       round(avg(p.lead_seconds) / 86400, 2) as mean_days,
       round(stddev_samp(p.lead_seconds) / 86400, 2) as sd_days,
       round((percentile_cont(0.9) within group (order by p.lead_seconds) / 86400)::numeric, 2) as p90_days,
       round(avg((p.received_at > p.due_at)::integer) filter (where p.lead_seconds is not null), 4) as late_share,
       count(*) filter (where p.lead_seconds is null) as overdue
from purchases p
left join items i on i.sku = p.sku
left join partitions h on h.warehouse = p.warehouse
left join offsets o on o.log_partition = h.log_partition
where (p.lead_seconds is not null and (%(since)s::timestamptz is null or p.received_at >= %(since)s)
       or p.state = 'open' and p.ordered - p.cancelled > p.received and p.due_at < o.clock_at)
  and (%(warehouse)s::text is null or p.warehouse = %(warehouse)s)
  and (%(supplier)s::text is null or p.counterpart = %(supplier)s)
  and (%(sku)s::text is null or p.sku = %(sku)s)
group by p.counterpart, p.sku, i.name, i.name_zh
order by p.counterpart, lines desc, p.sku
limit %(limit)s::bigint
