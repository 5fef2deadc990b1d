-- Lag from the scan to the commit in the last minute that had events, per warehouse and kind.
select distinct on (l.warehouse, l.kind)
       l.warehouse, l.kind, l.minute, l.events, l.p50, l.p95, l.p99, l.share_over_1s, l.share_over_3s
from lag l
where l.minute >= date_trunc('minute', now()) - interval '1 minute'
order by l.warehouse, l.kind, l.minute desc
