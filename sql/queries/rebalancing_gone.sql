-- Moves that wait for a decision and are suggested no longer.
select a.action_id, a.warehouse
from actions a
where a.kind = 'rebalance' and a.standing and a.state = 'proposed' and not exists (
    select from rebalancing r
    where r.warehouse = a.warehouse and r.sku = a.sku and r.lot = a.lot
      and r.from_bin || ' → ' || r.to_bin = a.subject)
order by a.warehouse, a.action_id
