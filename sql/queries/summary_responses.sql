-- How many messages have arrived of all, and how soon alerts of the last 30 days were answered by somebody.
select (select coalesce(sum(p.messages), 0)::bigint from delivery_proof p) as messages,
       (select coalesce(sum(p.delivered), 0)::bigint from delivery_proof p) as delivered,
       count(*) as answered,
       percentile_cont(0.5) within group (order by r.to_answer_s::double precision) as answer_p50,
       percentile_cont(0.5) within group (order by r.to_order_s::double precision) as order_p50
from response_times r
where r.to_answer_s is not null and r.committed_at > now() - interval '30 days'
