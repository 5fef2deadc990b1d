-- The last round of each invariant; wrong above 0 or drifting_since set: the tables disagree.
select name, at, checked, wrong, drift, worst, duration_ms, whole_since, alert_id, drifting_since
from invariants_now
order by wrong desc, name
