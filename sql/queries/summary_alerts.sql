-- Alerts by rule: episodes that are not over by severity, those of them somebody has taken on, and those that are.
with last as (
    select s.rule, s.severity, s.state from alert_state s
),
ended as (
    select t.rule, count(*) as resolved from alert_times t where t.resolved_at is not null group by t.rule
),
standing as (
    select l.rule,
           count(*) filter (where l.severity = 'critical') as critical,
           count(*) filter (where l.severity = 'warning') as warning,
           count(*) filter (where l.severity = 'info') as info,
           count(*) filter (where l.state = 'acknowledged') as acknowledged
    from last l
    where l.state <> 'resolved'
    group by l.rule
)
select coalesce(s.rule, e.rule) as rule, coalesce(s.critical, 0) as critical, coalesce(s.warning, 0) as warning,
       coalesce(s.info, 0) as info, coalesce(s.acknowledged, 0) as acknowledged, coalesce(e.resolved, 0) as resolved
from standing s
full join ended e on e.rule = s.rule
order by 2 desc, 3 desc, 4 desc, 6 desc, 1
