-- Alert episodes, the last of each key: open ones first, the most severe first, the latest first.
with found as (
    select s.*, count(*) over () as total, row_number() over (
        order by array_position(array['open', 'acknowledged', 'resolved'], s.state),
            array_position(array['critical', 'warning', 'info'], s.severity),
            coalesce(s.resolved_at, s.opened_at) desc, s.alert_id) as place
    from alert_state s
    where s.state = any(%(states)s::text[])
      and (%(warehouse)s::text is null or s.warehouse = %(warehouse)s)
      and (%(rule)s::text is null or s.rule = %(rule)s)
      and (%(severity)s::text is null or s.severity = %(severity)s)
      and (%(sku)s::text is null or s.sku = %(sku)s)
      and (%(ids)s::text[] is null or s.alert_id = any(%(ids)s))
    order by place
    limit %(limit)s::bigint
)
select f.alert_id, f.rule, f.version, f.severity, f.state, f.warehouse, f.sku, i.name, i.name_zh, f.lot, f.bin,
       f.subject, f.roles, f.opened_at, f.seen_at, f.acknowledged_at, f.acknowledged_by, f.resolved_at, f.threshold,
       f.observed, f.events, l.transition, l.message_en, l.message_zh, f.total
from found f
left join items i on i.sku = f.sku
left join lateral (
    select a.transition, a.message_en, a.message_zh from alerts a
    where a.alert_id = f.alert_id and a.transition <> 'acknowledged' -- whose sentence has no figures
    order by a.at desc, a.log_offset desc limit 1
) l on true
order by f.place
