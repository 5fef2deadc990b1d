-- incoming lies between what is due by now (or undated) and all that open purchase lines wait for.
-- The horizon is the policy's, so the exact figure is the audit's to check; the two bounds are one
-- figure when nothing is due later. `expected` is the bound that was passed.
with lines as (
    select
        p.warehouse, p.sku,
        sum(greatest(p.ordered - p.received - p.cancelled, 0)) as most,
        coalesce(sum(greatest(p.ordered - p.received - p.cancelled, 0))
            filter (where p.due_at is null or p.due_at <= o.clock_at), 0) as least
    from inventory.purchases as p
    left join inventory.partitions as h using (warehouse)
    left join inventory.offsets as o using (log_partition)
    where p.state = 'open'
    group by p.warehouse, p.sku
),
kept as (
    select warehouse, sku, incoming from inventory.stock where incoming <> 0
)
select
    warehouse, sku,
    least(greatest(coalesce(k.incoming, 0), coalesce(l.least, 0)), coalesce(l.most, 0)) as expected,
    coalesce(k.incoming, 0) as found
from kept as k
full join lines as l using (warehouse, sku)
