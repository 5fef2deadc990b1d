-- The twenty gravest shortages of each warehouse: the rows of shortage_totals.
select f.warehouse, f.place, f.sku, f.on_hand, f.reserved, f.available, f.safety_stock, f.short,
    f.in_transit, f.incoming, f.projected, f.demand_per_day, f.stock_out_on, f.value_at_risk
from (
    select s.*, row_number() over (
        partition by s.warehouse order by s.value_at_risk desc nulls last, s.short desc, s.sku) as place
    from (
        select r.warehouse, r.sku, r.on_hand, r.reserved, r.available, r.safety_stock, r.in_transit,
            r.incoming, r.projected, r.demand_per_day, r.stock_out_on,
            coalesce(r.safety_stock, 0) - r.available as short,
            (coalesce(r.safety_stock, 0) - r.available) * r.unit_cost as value_at_risk
        from inventory.stock_figures r
        where r.water_level = 'red'
    ) as s
) as f
where f.place <= 20
