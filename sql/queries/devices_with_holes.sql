-- How many devices have counted, how many of them left numbers out, and how many numbers in all.
select count(*) as devices, count(*) filter (where d.missing > 0) as with_holes,
       coalesce(sum(d.missing), 0)::bigint as missing
from devices d
