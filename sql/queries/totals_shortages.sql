-- The twenty gravest shortages of each warehouse: the rows of shortage_totals.
select w.warehouse, f.place, f.sku, f.on_hand, f.reserved, f.available, f.safety_stock, f.short, f.in_transit,
    f.incoming, f.projected, f.demand_per_day, f.stock_out_on, f.value_at_risk
from inventory.warehouses w
cross join lateral (
    select row_number() over (order by s.value_at_risk desc nulls last, s.short desc, s.sku) as place, s.*
    from (
        select r.*, coalesce(r.safety_stock, 0) - r.available as short,
            (coalesce(r.safety_stock, 0) - r.available) * r.unit_cost as value_at_risk
        from inventory.stock_figures r
        where r.warehouse = w.warehouse and r.water_level = 'red'
    ) as s
    order by s.value_at_risk desc nulls last, s.short desc, s.sku
    limit 20
) as f
