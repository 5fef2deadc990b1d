-- Warehouses whose days are due (%(now)s: all of them), and from which local day on to make them: the
-- earliest that a movement committed since the last run touches, or all that are kept when dates,
-- categories, costs or the time zone are others.
with known as materialized (
    select c.warehouse, c.timezone, c.today, r.starts_at, r.ends_at, r.committed_to, r.fingerprint,
        c.today::timestamp at time zone c.timezone as upto
    from inventory.clocks c
    left join inventory.series_runs r on r.series = 'expiry_daily' and r.warehouse = c.warehouse
    where %(warehouse)s::text is null or c.warehouse = %(warehouse)s
),
due as materialized (
    select k.* from known k where %(now)s or k.ends_at is distinct from k.upto
),
firsts as (
    select s.warehouse, min(s.first_on) as first_on
    from inventory.stock_figures s
    group by s.warehouse
),
dated as (
    select d.warehouse, sum(hash_record_extended(
        row(l.sku, l.lot, l.expires_on, i.category, s.unit_cost), 0)) as hash
    from due d
    join inventory.lot_dates l using (warehouse)
    left join inventory.items i on i.sku = l.sku
    left join inventory.stock_figures s on s.warehouse = l.warehouse and s.sku = l.sku
    where l.expires_on is not null
    group by d.warehouse
),
touched as (
    select m.warehouse, min(m.occurred_at) as at
    from inventory.movements m
    join due d using (warehouse)
    where m.committed_at > %(mark)s and m.committed_at > d.committed_to - interval '10 minutes'
    group by m.warehouse
),
kept as (
    select d.*, coalesce(h.hash, 0) + hashtextextended(d.timezone, 2) as now_fingerprint,
        least(d.today, greatest(f.first_on,
            d.today - (select r.keep_days from inventory.retention r
                       where r.relation = 'expiry_daily'),
            (select (r.gone_before at time zone d.timezone)::date from inventory.retention r
             where r.relation = 'movements'),
            (select (r.gone_before at time zone 'UTC')::date from inventory.retention r
             where r.relation = 'expiry_daily'))) as starts_on,
        (least(d.ends_at, t.at) at time zone d.timezone)::date as again_on
    from due d
    join firsts f using (warehouse)
    left join dated h using (warehouse)
    left join touched t using (warehouse)
    where f.first_on is not null
),
begun as (
    select k.*, k.starts_on::timestamp at time zone k.timezone as starts from kept k
),
again as (
    select b.*,
        case when b.fingerprint is distinct from b.now_fingerprint or b.starts < b.starts_at
             then b.starts_on
             else greatest(b.starts_on, least(b.today, b.again_on)) end as since
    from begun b
)
select a.warehouse, a.timezone, a.starts, a.upto, a.starts_on, a.today as upto_on, a.since,
    a.since::timestamp at time zone a.timezone as since_at, a.now_fingerprint as fingerprint,
    coalesce(a.starts > a.starts_at, false) as shorter
from again a
order by a.warehouse
