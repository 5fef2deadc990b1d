-- The actions that an alert led to.
select l.action_id
from alert_actions l
where l.alert_id = %(id)s
