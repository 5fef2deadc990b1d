-- How far partitions of the log have been folded.
select o.log_partition, o.next_offset
from offsets o
where o.log_partition = any(%(partitions)s::integer[])
