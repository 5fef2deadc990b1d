-- How far intake has read its topics, per partition.
select n.topic, n.partition, n.next_offset, n.consumed, n.events, n.ignored, n.rejects, n.updated_at,
       greatest(extract(epoch from now() - n.updated_at), 0)::double precision as age_seconds
from intake n
order by n.topic, n.partition
