-- Open orders, transfers on the way, and the counters of the log.
select (select count(distinct (o.warehouse, o.order_id)) from orders o where o.state = 'open') as open_orders,
       (select count(*) from orders o where o.state = 'open') as open_lines,
       (select coalesce(sum(greatest(o.ordered - o.shipped - o.cancelled, 0)), 0)
        from orders o where o.state = 'open') as units_to_ship,
       (select count(distinct t.document) from transfers t where t.in_transit > 0) as transfers,
       (select coalesce(sum(t.in_transit), 0) from transfers t where t.in_transit > 0) as units_moving,
       (select count(*) from lots l where l.quantity > 0 and l.days_to_expiry < 0) as expired_lots,
       (select coalesce(sum(l.quantity), 0) from lots l
        where l.quantity > 0 and l.days_to_expiry < 0) as expired_units,
       (select coalesce(sum(o.consumed), 0) from offsets o) as consumed,
       (select coalesce(sum(o.applied), 0) from offsets o) as applied,
       (select coalesce(sum(o.repeats), 0) from offsets o) as repeats,
       (select coalesce(sum(o.rejects), 0) from offsets o) as rejects,
       (select count(*) from rejects) as refused_messages,
       (select count(*) from movements) as movements
