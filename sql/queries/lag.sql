-- Lag of the last 15 minutes per kind of event, in seconds.
select l.kind, l.events, l.p50, l.p95, l.p99, l.share_over_1s, l.share_over_3s
from screen.lag_now l
order by l.kind
