-- Devices heard of in the seven days before %(at)s, and those of %(devices)s; `others`: whether
-- another one of its warehouse was heard of on the local day of then, on which work has begun at
-- `work_began_at`; `whole`: that no number up to last_seq can be missing.
with heard as (
    select s.device,
        (array_agg(s.warehouse order by s.last_seen_at desc nulls last))[1] as warehouse,
        max(s.last_seen_at) as last_seen_at,
        max(s.last_seq) as last_seq,
        max(s.last_seq) is null or (count(*) = 1 and sum(s.recorded) = max(s.last_seq)
            and not exists (
                select from device_blocks b
                where b.device = s.device and b.first_seq < 1)) as whole
    from device_sequences s
    group by s.device
),
places as materialized (
    select p.warehouse, date_trunc('day', %(at)s, known_zone(w.timezone)) as midnight
    from (select distinct h.warehouse from heard h) as p
    left join warehouses w using (warehouse)
),
work as materialized (
    select p.warehouse, p.midnight, count(h.device) as devices,
        (select min(m.occurred_at) from movements m
         where count(h.device) > 0 and m.warehouse = p.warehouse and m.device is not null
           and m.occurred_at between p.midnight and %(at)s) as began_at
    from places p
    left join heard h on h.warehouse = p.warehouse and h.last_seen_at >= p.midnight
    group by p.warehouse, p.midnight
)
select h.device, coalesce(h.warehouse, '') as warehouse, h.last_seen_at, h.last_seq, h.whole,
       w.devices > (h.last_seen_at >= w.midnight)::int as others,
       coalesce(w.began_at, w.midnight) as work_began_at,
       h.last_seen_at > %(at)s - interval '7 days' as recent,
       policy_in((select policy_values('device_silent_minutes')),
           policy_default('device_silent_minutes'), h.warehouse) as threshold
from heard h
left join work w using (warehouse)
where h.last_seen_at > %(at)s - interval '7 days' or h.device = any(%(devices)s)
