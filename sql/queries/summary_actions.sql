-- Actions by kind and what became of them.
select a.kind,
       count(*) filter (where a.state = 'proposed') as proposed,
       count(*) filter (where a.state = 'approved') as approved,
       count(*) filter (where a.state = 'sent') as sent,
       count(*) filter (where a.state = 'done') as done,
       count(*) filter (where a.state = 'rejected') as rejected,
       count(*) filter (where a.state = 'failed') as failed,
       count(*) filter (where a.state = 'withdrawn') as withdrawn
from actions a
group by a.kind
order by a.kind
