-- The events behind an alert as `trace` shows them, each once; what is not found is not there. Images and
-- ticks are looked up by the times of the transitions, because the journal has no index of event ids.
with legs as (
    select m.* from movements m
    where m.sku = %(sku)s and m.event_id = any(%(events)s)
    union all
    select m.* from movements m
    where %(sku)s = '' and m.occurred_at = any(%(times)s::timestamptz[]) and m.event_id = any(%(events)s)
),
entries as (
    select j.* from journal j
    where j.occurred_at = any(%(times)s::timestamptz[]) and j.event_id = any(%(events)s)
    union
    select j.* from journal j
    where j.type in ('stocktake', 'cancel', 'transfer_out', 'scrap', 'policy', 'item') and j.sku in (%(sku)s, '')
      and j.event_id = any(%(events)s)
)
select l.occurred_at as at, l.type, l.warehouse, l.counterpart, l.sku, l.lot,
       string_agg(distinct l.bin, ', ') filter (where l.quantity < 0 and l.bin <> '') as from_bin,
       string_agg(distinct l.bin, ', ') filter (where l.quantity > 0 and l.bin <> '') as to_bin,
       max(l.status) filter (where l.quantity < 0 and l.type = 'status') as from_status,
       coalesce(max(l.status) filter (where l.quantity > 0), max(l.status)) as status,
       case when l.type in ('move', 'status') then sum(l.quantity) filter (where l.quantity > 0)
            else sum(l.quantity) end as quantity,
       l.operator, l.device, l.order_id, l.line_id, l.document, l.variance, false as correction, l.event_id,
       null::jsonb as detail
from legs l
where not l.correction
group by l.occurred_at, l.type, l.warehouse, l.counterpart, l.sku, l.lot, l.operator, l.device, l.order_id, l.line_id,
         l.document, l.variance, l.event_id
union all
select j.occurred_at, j.type, j.warehouse, j.body->>'counterpart', coalesce(nullif(j.sku, ''), %(sku)s),
       coalesce(j.body->>'lot', ''),
       j.body->>'from_bin', j.body->>'to_bin', j.body->>'from_status', j.body->>'status',
       coalesce((j.body->>'quantity')::numeric, (j.body->>'ordered')::numeric),
       coalesce(j.body->>'operator', j.body->>'decided_by'), j.body->>'device',
       j.body->>'order_id', nullif(j.line_id, ''), j.body->>'document', false, false, j.event_id, j.body
from entries j
where j.type in ('stocktake', 'order_line', 'purchase_line') or not exists (
    select from legs l where l.event_id = j.event_id)
order by at, event_id, variance
