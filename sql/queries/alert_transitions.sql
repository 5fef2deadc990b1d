-- The story of one alert: every transition, in order.
select a.alert_id, a.rule, a.version, a.transition, a.severity, a.state, a.at, a.occurred_at, a.warehouse, a.sku,
       i.name, i.name_zh, a.lot, a.bin, a.subject, a.roles, a.threshold, a.observed, a.events, a.actor, a.note,
       a.message_en, a.message_zh
from alerts a
left join items i on i.sku = a.sku
where a.alert_id = %(id)s
order by a.at, a.log_offset nulls first
