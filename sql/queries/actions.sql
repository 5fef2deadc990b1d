-- Actions: those that wait for a decision first, the most valuable first; then the latest.
with found as (
    select a.*, count(*) over () as total, row_number() over (
        order by a.state <> 'proposed', case when a.state = 'proposed' then a.value end desc nulls last,
            a.proposed_at desc, a.action_id) as place
    from actions a
    where (%(states)s::text[] is null or a.state = any(%(states)s))
      and (not %(standing)s or a.standing)
      and (%(warehouse)s::text is null or a.warehouse = %(warehouse)s)
      and (%(kind)s::text is null or a.kind = %(kind)s)
      and (%(ids)s::text[] is null or a.action_id = any(%(ids)s))
    order by place
    limit %(limit)s::bigint
)
select f.action_id, f.kind, f.warehouse, f.sku, f.lot, f.subject, f.state, f.standing, f.approval, f.quantity,
       f.value, f.payload, f.roles, f.rule, f.alert_id, f.events, f.proposed_at, f.decided_at, f.decided_by, f.channel,
       f.reason, f.sent_at, f.finished_at, f.updated_at, f.log_offset, i.name, i.name_zh, f.total
from found f
left join items i on i.sku = f.sku
order by f.place
