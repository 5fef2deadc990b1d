-- The numbers that have not come of some devices, up to a number of each (%(upto)s); as many of
-- them as were not kept for want of room may have come, and are not counted.
with due as (
    select b.device, b.upto
    from unnest(%(devices)s::text[], %(upto)s::bigint[]) as b (device, upto)
),
gaps as (
    select d.device, coalesce(d.warehouse, '') as warehouse, d.last_seq, d.unrecorded,
        d.holes * int8multirange(int8range(null, due.upto, '[]')) as holes
    from devices d
    join due using (device)
    where d.device = any(%(devices)s)
)
select g.device, g.warehouse, g.last_seq,
       greatest(m.missing - g.unrecorded, 0)::bigint as missing,
       array(select lower(r) || '-' || upper(r) - 1 from unnest(g.holes) as r limit 5) as holes
from gaps g
cross join lateral (
    select coalesce(sum(upper(r) - lower(r)), 0) as missing from unnest(g.holes) as r
) as m
