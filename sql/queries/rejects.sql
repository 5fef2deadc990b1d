-- The latest messages that could not be used, newest first.
select r.at, r.code, r.field, r.message, r.event_id, r.topic, r."partition", r."offset", r.n, r.payload_size,
       substr(r.payload, 1, 200) as payload_start
from rejects r
where (%(code)s::text is null or r.code = %(code)s)
order by r.at desc, r.topic, r."partition", r."offset" desc, r.n
limit %(limit)s::bigint
