-- Lots with an expiry date at the end of each local day from `since` to before `upto`, by category
-- and window. A lot's stock at the end of `since` is what there is now less all that moved later; then
-- each day on which it moved begins a stay, which the windows cut, so that lots times days never are.
with due as materialized (
    select *
    from unnest(%(warehouses)s::text[], %(timezones)s::text[], %(sinces)s::date[], %(uptos)s::date[])
        as d (warehouse, timezone, since, upto)
),
lots as materialized (
    select l.warehouse, l.sku, l.lot, l.expires_on, coalesce(i.category, '') as category, s.unit_cost
    from inventory.lot_dates l
    join due d using (warehouse)
    left join inventory.items i on i.sku = l.sku
    left join inventory.stock_figures s on s.warehouse = l.warehouse and s.sku = l.sku
    where l.expires_on is not null
),
moved as materialized (
    select l.warehouse, l.sku, l.lot, m.day, sum(m.quantity) as quantity,
        coalesce(sum(m.quantity) filter (where m.status = 'sellable'), 0) as sellable
    from (
        select m.warehouse, m.sku, m.lot, m.status, m.quantity, d.since, d.upto,
            least((m.occurred_at at time zone d.timezone)::date, d.upto) as day
        from inventory.movements m
        join due d using (warehouse)
        where m.occurred_at >= %(after)s
    ) as m
    join lots l using (warehouse, sku, lot)
    where m.day > m.since
    group by l.warehouse, l.sku, l.lot, m.day
),
changes as (
    select d.warehouse, c.sku, c.lot, d.since as day, c.quantity,
        case when c.status = 'sellable' then c.quantity else 0 end as sellable
    from inventory.stock_bins c
    join due d using (warehouse)
    union all
    select d.warehouse, m.sku, m.lot, d.since, -m.quantity, -m.sellable
    from moved m
    join due d using (warehouse)
    union all
    select d.warehouse, m.sku, m.lot, m.day, m.quantity, m.sellable
    from moved m
    join due d on d.warehouse = m.warehouse and m.day < d.upto
),
stays as (
    select c.warehouse, c.sku, c.lot, c.day, d.upto,
        lead(c.day, 1, d.upto) over lot as until,
        sum(sum(c.quantity)) over lot as quantity,
        sum(sum(c.sellable)) over lot as sellable
    from changes c
    join due d using (warehouse)
    group by c.warehouse, c.sku, c.lot, c.day, d.upto
    window lot as (partition by c.warehouse, c.sku, c.lot order by c.day)
),
cuts (least_days, most_days) as (
    values (null, -1), (0, 7), (8, 15), (16, 30), (31, 60), (61, 90), (91, 180), (181, null)
),
shares as (
    select s.warehouse, l.category, w.expiry_window, b.starts, b.ends, s.quantity, s.sellable,
        s.quantity * l.unit_cost as value
    from stays s
    join lots l using (warehouse, sku, lot)
    cross join (
        select *, inventory.expiry_window(coalesce(least_days, most_days)) as expiry_window from cuts
    ) as w
    cross join lateral (
        select greatest(s.day, l.expires_on - w.most_days) as starts,
            least(s.until, l.expires_on - w.least_days + 1) as ends
    ) as b
    where s.quantity <> 0 and b.starts < b.ends
),
steps as (
    select s.warehouse, s.category, s.expiry_window, e.day, sum(e.sign) as lots,
        sum(e.sign * s.quantity) as quantity, sum(e.sign * s.sellable) as sellable,
        coalesce(sum(e.sign * s.value), 0) as value,
        coalesce(sum(e.sign) filter (where s.value is not null), 0) as valued
    from shares s
    cross join lateral (values (s.starts, 1), (s.ends, -1)) as e (day, sign)
    group by s.warehouse, s.category, s.expiry_window, e.day
),
states as (
    select s.warehouse, s.category, s.expiry_window, s.day,
        lead(s.day, 1, s.day) over upto as until,
        sum(s.lots) over upto as lots, sum(s.quantity) over upto as quantity,
        sum(s.sellable) over upto as sellable, sum(s.value) over upto as value,
        sum(s.valued) over upto as valued
    from steps s
    window upto as (partition by s.warehouse, s.category, s.expiry_window order by s.day)
),
made as materialized (
    select s.day + n.n as day, s.warehouse, s.category, s.expiry_window, s.lots, s.quantity,
        s.sellable, case when s.valued > 0 then s.value end as value
    from states s
    cross join lateral generate_series(0, s.until - s.day - 1) as n (n)
    where s.lots > 0
),
gone as (
    delete from inventory.expiry_daily o
    using due d
    where o.day >= %(oldest)s and o.warehouse = d.warehouse and o.day >= d.since
      and not exists (
        select from made m
        where m.warehouse = o.warehouse and m.category = o.category
          and m.expiry_window = o.expiry_window and m.day = o.day)
)
insert into inventory.expiry_daily as o
    (day, warehouse, category, expiry_window, lots, quantity, sellable_quantity, value)
select * from made
on conflict (warehouse, category, expiry_window, day) do update set
    lots = excluded.lots, quantity = excluded.quantity,
    sellable_quantity = excluded.sellable_quantity, value = excluded.value
where (o.lots, o.quantity, o.sellable_quantity, o.value)
    is distinct from
      (excluded.lots, excluded.quantity, excluded.sellable_quantity, excluded.value)
