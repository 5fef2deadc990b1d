-- The earliest commit that the last runs of a series may not have seen; ten minutes are more than a
-- transaction may take.
select coalesce(min(r.committed_to) - interval '10 minutes', now()) as mark
from inventory.series_runs r
where r.series = %(series)s
