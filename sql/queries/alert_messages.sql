-- The messages that told of an alert and of the actions that it led to, per receiver, in the order of writing.
select o.number, o.message_id, o.topic, o.name, o.severity, o.created_at, d.receiver,
       coalesce(d.state, 'waiting') as state, coalesce(d.attempts, 0) as attempts, d.delivered_at,
       d.delivered_at - o.created_at as latency, d.last_error
from outbox o
left join dispatches d on d.message_id = o.message_id
where o.about && %(about)s::text[] and o.created_at >= %(since)s
order by o.number, d.receiver
