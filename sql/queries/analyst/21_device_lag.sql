-- en: Whether each device has delivered everything, and how late its scans arrive.
-- zh-CN: 各设备是否全部送达，以及其扫描的延迟。
-- en columns: a row per device; arrived and missing numbers, complete_percent, last_seen_at, movements of the window with p50 and p95 of commit − occurrence in seconds.
-- zh-CN columns: 每设备一行；arrived、missing 序号数，complete_percent 完整率，last_seen_at，窗口内 movements 数及写入延迟的 p50、p95（秒）。
-- :days integer | last days up to the clock; 7 | 时钟前的天数；默认 7
-- :warehouse text | only this warehouse | 仅此仓库
with late as (
    select m.device, count(*) as movements,
        percentile_cont(array[0.5, 0.95]) within group (
            order by extract(epoch from m.committed_at - m.occurred_at)::double precision) as seconds
    from movements as m
    where m.device is not null and not m.correction and not m.variance
      and m.occurred_at > (select min(clock_at) from clocks)
          - interval '1 day' * coalesce(%(days)s::integer, 7)
    group by m.device
)
select d.device, d.warehouse, d.arrived, d.missing,
    round(100 * d.arrived / nullif(d.arrived + d.missing, 0), 2) as complete_percent, d.last_seen_at,
    coalesce(l.movements, 0) as movements, round(l.seconds[1]::numeric, 3) as p50_s,
    round(l.seconds[2]::numeric, 3) as p95_s
from devices as d
left join late as l using (device)
where %(warehouse)s::text is null or d.warehouse = %(warehouse)s
order by d.missing desc, l.seconds[2] desc nulls last, d.device
