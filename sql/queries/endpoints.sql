-- Who receives messages by HTTP, and how it is with each.
select e.name, e.url, e.names, e.allow_private, e.created_at, e.failures, e.open_until,
    case when not e.active then 'gone' when e.open_until is null then 'ok'
         when e.open_until > now() then 'resting' else 'probing' end as state,
    coalesce(d.waiting, 0) as waiting, d.last_error
from endpoints e
left join lateral (
    select count(*) as waiting, max(d.last_error) as last_error
    from dispatches d where d.receiver = e.name and d.state = 'waiting'
) d on true
order by e.name
