-- The trail of a SKU, lot, order or document in the order of effect; the latest `limit` steps.
select * from (
    select t.*, i.name, i.name_zh, count(*) over () as steps, row_number() over (
        order by t.at, t.device_seq nulls first, t.event_id, t.committed_at, t.variance, t.ordinality) as step
    from trace(%(sku)s::text, %(lot)s::text, %(order_id)s::text, %(document)s::text) with ordinality t
    left join items i on i.sku = t.sku
    where %(warehouse)s::text is null or t.warehouse = %(warehouse)s
) s
where %(limit)s::bigint is null or s.step > s.steps - %(limit)s
order by s.step
