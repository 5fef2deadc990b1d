-- How many messages have arrived of all, and how soon people answered alerts of the last 30 days; a decision
-- by policy, or one before the alert, takes no time and says nothing of them.
select (select coalesce(sum(p.messages), 0)::bigint from delivery_proof p) as messages,
       (select coalesce(sum(p.delivered), 0)::bigint from delivery_proof p) as delivered,
       count(*) as answered,
       percentile_cont(0.5) within group (order by r.to_answer_s::double precision) as answer_p50,
       percentile_cont(0.5) within group (order by r.to_order_s::double precision) as order_p50
from response_times r
where r.to_answer_s > 0 and r.committed_at > now() - interval '30 days'
