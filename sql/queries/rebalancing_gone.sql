-- Moves that stand, not under way, and are suggested no longer.
select a.action_id, a.warehouse
from actions a
where a.kind = 'rebalance' and a.standing and a.state in ('proposed', 'rejected', 'failed') and not exists (
    select from rebalancing r
    where r.warehouse = a.warehouse and r.sku = a.sku and r.lot = a.lot
      and r.from_bin || ' → ' || r.to_bin = a.subject)
order by a.warehouse, a.action_id
