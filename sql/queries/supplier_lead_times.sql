-- How long each supplier takes per SKU: complete purchase lines, days from the order to the last receipt
-- (mean, sample deviation, ninth decile), the share of those with a due date that came after it, and
-- the open lines that are past theirs by the clock. `since`: lines received from then on.
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
