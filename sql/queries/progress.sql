-- How far the stock flow has read the log, per partition, and whose process it is.
select o.log_partition, o.topic, o.next_offset, o.consumed, o.applied, o.repeats, o.rejects, o.updated_at,
       greatest(extract(epoch from now() - o.updated_at), 0)::double precision as age_seconds,
       o.clock_at, o.owner, o.generation, p.warehouses
from offsets o
left join (
  select log_partition, array_agg(warehouse order by warehouse) as warehouses
  from partitions
  group by log_partition
) p using (log_partition)
order by o.log_partition
