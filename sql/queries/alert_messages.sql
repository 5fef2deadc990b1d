-- The messages that told of an alert and of the actions that it led to, in the order of writing.
select o.number, o.message_id, o.topic, o.name, o.severity, o.created_at
from outbox o
where o.about && %(about)s::text[] and o.created_at >= %(since)s
order by o.number
