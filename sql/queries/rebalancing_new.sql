-- Suggested moves for which no action stands, in the order of the plan; of a warehouse as many as
-- leave at most %(most)s that wait for people or are under way.
with standing as (
    select a.warehouse, a.sku, a.lot, a.subject, a.state
    from actions a
    where a.kind = 'rebalance' and a.standing
),
suggested as (
    select r.*, r.from_bin || ' → ' || r.to_bin as subject
    from rebalancing r
),
kept as (
    select s.warehouse, count(*) as actions
    from standing s
    left join suggested r using (warehouse, sku, lot, subject)
    where s.state in ('approved', 'sent') or (s.state = 'proposed' and r.n is not null)
    group by s.warehouse
),
fresh as (
    select r.*, row_number() over (partition by r.warehouse order by r.n) as place
    from suggested r
    left join standing s using (warehouse, sku, lot, subject)
    where s.state is null
)
select f.warehouse, f.sku, f.lot, f.quantity, f.from_bin, f.to_bin, f.kind, f.issues,
       f.from_zone, f.from_occupancy, f.from_afterwards, f.from_distance,
       f.to_zone, f.to_occupancy, f.to_afterwards, f.to_distance, f.cautions,
       f.reason_en, f.reason_zh
from fresh f
left join kept k using (warehouse)
where f.place <= %(most)s - coalesce(k.actions, 0)
order by f.warehouse, f.n
