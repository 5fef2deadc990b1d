-- en: How often each rule raised an alert per local week, and what became of the alerts.
-- zh-CN: 各规则每个当地周发出多少预警，结果如何。
-- en columns: a row per week, rule and warehouse; alerts opened, critical (ever), escalated, acknowledged, reminded, resolved (of them, whenever), still_open, open_hours the median of those that are over.
-- zh-CN columns: 每周每规则每仓一行；alerts 发出数，critical 曾为严重，escalated 升级，acknowledged 已确认，reminded 被提醒，resolved 已解除，still_open 未解除，open_hours 已解除者持续小时数的中位数。
-- :weeks integer | local weeks, this one included; 12 | 当地周数，含本周；默认 12
-- :warehouse text | only this warehouse | 仅此仓库
-- :rule text | only this rule | 仅此规则
with today as (
    select min(clock_at) as at from clocks
),
opened as (
    select a.alert_id, a.rule, a.warehouse, a.occurred_at,
        date_trunc('week', a.occurred_at at time zone
            coalesce(w.timezone, 'Asia/Shanghai'))::date as week_on
    from alerts as a
    left join warehouses as w using (warehouse)
    where a.transition = 'opened'
      and a.occurred_at >= (select at from today)
          - interval '7 days' * (coalesce(%(weeks)s::integer, 12) + 1)
      and (%(warehouse)s::text is null or a.warehouse = %(warehouse)s)
      and (%(rule)s::text is null or a.rule = %(rule)s)
),
stories as (
    select a.alert_id, bool_or(a.severity = 'critical') as critical,
        bool_or(a.transition = 'escalated') as escalated,
        bool_or(a.transition = 'acknowledged') as acknowledged,
        bool_or(a.transition = 'reminded') as reminded,
        max(a.occurred_at) filter (where a.transition = 'resolved') as resolved_at
    from alerts as a
    where a.alert_id in (select o.alert_id from opened as o)
    group by a.alert_id
)
select o.week_on, o.rule, o.warehouse, count(*) as alerts,
    count(*) filter (where s.critical) as critical,
    count(*) filter (where s.escalated) as escalated,
    count(*) filter (where s.acknowledged) as acknowledged,
    count(*) filter (where s.reminded) as reminded, count(s.resolved_at) as resolved,
    count(*) - count(s.resolved_at) as still_open,
    round((percentile_cont(0.5) within group (
        order by extract(epoch from s.resolved_at - o.occurred_at)) / 3600)::numeric, 1)
        as open_hours
from opened as o
join stories as s using (alert_id)
left join clocks as c on c.warehouse = o.warehouse
where o.week_on > date_trunc('week', coalesce(c.today, (select at from today)::date))::date
        - 7 * coalesce(%(weeks)s::integer, 12)
group by o.week_on, o.rule, o.warehouse
order by o.week_on desc, alerts desc, o.rule, o.warehouse
