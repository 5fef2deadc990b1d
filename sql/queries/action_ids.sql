-- Actions whose id begins so: the one itself first, then the latest.
select a.action_id, a.kind, a.warehouse
from actions a
where starts_with(a.action_id, %(id)s)
order by a.action_id <> %(id)s, a.proposed_at desc, a.action_id
limit 6
