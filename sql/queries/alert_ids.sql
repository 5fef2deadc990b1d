-- Alerts whose id begins so: the one itself first, then the latest.
select t.alert_id, t.rule, t.warehouse
from (
    select alert_id, rule, warehouse, opened_at as at from alert_state where starts_with(alert_id, %(id)s)
    union all
    select alert_id, rule, warehouse, occurred_at from alert_times where starts_with(alert_id, %(id)s)
) t
group by t.alert_id, t.rule, t.warehouse
order by t.alert_id <> %(id)s, max(t.at) desc, t.alert_id
limit 6
