-- How far the stock flow has read the log, per partition.
select p.log_partition, p.topic, p.next_offset, p.consumed, p.applied, p.repeats, p.rejects, p.updated_at,
       p.clock_at, p.warehouses
from screen.progress p
order by p.log_partition
