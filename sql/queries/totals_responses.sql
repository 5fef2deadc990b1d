-- How fast alerts of the last 30 days were answered: the rows of response_totals.
with last_day as materialized (
    select r.*, coalesce(r.to_resolved_s, extract(epoch from now() - r.committed_at)) as waited_s
    from inventory.response_times r
    where r.committed_at > now() - interval '1 day'
),
percentiles as (
    select
        (percentile_cont(array[0.5, 0.95]) within group (order by to_sent_s::double precision))::numeric[] as sent,
        (percentile_cont(array[0.5, 0.95]) within group (order by to_answer_s::double precision))::numeric[] as answer,
        (percentile_cont(array[0.5, 0.95]) within group (order by to_order_s::double precision))::numeric[] as ordered,
        (percentile_cont(array[0.5, 0.95]) within group (order by to_resolved_s::double precision))::numeric[] as resolved
    from last_day
)
select r.rule, r.warehouse, r.alerts, r.unanswered, r.to_sent_p50_s, r.to_sent_p95_s, r.to_answer_p50_s,
    r.to_answer_p95_s, r.to_order_p50_s, r.to_order_p95_s, r.to_resolved_p50_s, r.to_resolved_p95_s,
    r.answered_within_10_min, r.ordered_within_1_h
from inventory.response_summary r
union all
-- All alerts of the last 24 hours, as rule ''.
select '', '', count(*), count(*) filter (where t.answered_at is null and t.resolved_at is null),
    p.sent[1], p.sent[2], p.answer[1], p.answer[2], p.ordered[1], p.ordered[2], p.resolved[1], p.resolved[2],
    round(count(*) filter (where t.to_answer_s <= 600)::numeric
        / nullif(count(*) filter (where t.to_answer_s is not null or t.waited_s > 600), 0), 4),
    round(count(*) filter (where t.replenished and t.to_order_s <= 3600)::numeric
        / nullif(count(*) filter (where t.replenished and (t.to_order_s is not null or t.waited_s > 3600)), 0), 4)
from last_day t
cross join percentiles p
group by p.sent, p.answer, p.ordered, p.resolved
