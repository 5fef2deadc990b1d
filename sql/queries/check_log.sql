-- Per partition of the log: consumed = applied + repeats + rejects, the refusals counted are the
-- rows of `rejects`, and no more was consumed than the offset says.
with refused as (
    select r.topic, r.partition, count(distinct r."offset") as found
    from inventory.rejects as r
    where r.topic in (select topic from inventory.offsets)
    group by r.topic, r.partition
)
select o.log_partition, c.figure, c.expected::numeric, c.found::numeric
from inventory.offsets as o
left join refused as r on r.topic = o.topic and r.partition = o.log_partition
cross join lateral (
    values
        ('consumed', o.applied + o.repeats + o.rejects, o.consumed),
        ('rejects', coalesce(r.found, 0), o.rejects),
        ('next_offset', greatest(o.next_offset, o.consumed), o.next_offset)
) as c (figure, expected, found)
