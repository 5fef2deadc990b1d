-- Lag in seconds of the live events that were committed in the five minutes before %(at)s, per
-- warehouse, and the threshold of lag_high there.
with recent as (
    select l.warehouse, l.events, l.total_counts
    from lag l
    where l.kind = 'live' and l.minute > %(at)s - interval '5 minutes' and l.minute <= %(at)s
),
buckets as (
    select r.warehouse, b.i, sum(b.n)::bigint as n
    from recent r
    cross join lateral unnest(r.total_counts) with ordinality as b (n, i)
    group by r.warehouse, b.i
),
histograms as (
    select b.warehouse, array_agg(b.n order by b.i) as counts
    from buckets b
    group by b.warehouse
),
totals as (
    select r.warehouse, sum(r.events)::bigint as events
    from recent r
    group by r.warehouse
)
select t.warehouse, t.events, lag_quantile(h.counts, 0.50) as p50,
       lag_quantile(h.counts, 0.95) as p95, lag_quantile(h.counts, 0.99) as p99,
       policy_in((select policy_values('lag_high_seconds')), policy_default('lag_high_seconds'),
           t.warehouse) as threshold
from totals t
join histograms h using (warehouse)
