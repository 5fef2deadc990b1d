-- A lot with a story that fits a page: received, put away, transferred and sold within a month.
select m.sku, m.lot
from movements m
where m.occurred_at > now() - interval '30 days' and m.lot <> ''
group by m.sku, m.lot
having count(*) between 4 and 16
order by bool_or(m.type = 'inbound')::int + bool_or(m.type = 'move')::int + bool_or(m.type = 'transfer_out')::int
         + bool_or(m.type = 'transfer_in')::int + bool_or(m.type = 'outbound')::int desc,
         abs(count(*) - 10), m.sku, m.lot
limit 1
