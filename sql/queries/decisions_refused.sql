-- Why decisions were refused, those of them that were.
select r.event_id, r.code, r.message
from rejects r
where r.at >= %(since)s and r.event_id = any(%(events)s)
