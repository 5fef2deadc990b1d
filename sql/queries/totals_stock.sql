-- Sums of the present stock per warehouse and category: the rows of stock_totals.
select s.warehouse, coalesce(i.category, '') as category,
    count(*) as skus,
    count(*) filter (where s.water_level = 'red') as red,
    count(*) filter (where s.water_level = 'yellow') as yellow,
    count(*) filter (where s.water_level = 'green') as green,
    count(*) filter (where s.water_level = 'over') as "over",
    count(*) filter (where s.available <= 0) as sold_out,
    sum(s.on_hand) as on_hand,
    sum(s.on_hold) as on_hold,
    sum(s.reserved) as reserved,
    sum(s.available) as available,
    sum(s.in_transit) as in_transit,
    sum(s.incoming) as incoming,
    sum(greatest(s.safety_stock - s.available, 0)) as short,
    sum(s.value) as value,
    coalesce(sum(s.demand_per_day), 0) as demand_per_day,
    coalesce(sum(s.demand_per_day * s.unit_cost), 0) as demand_value
from inventory.stock_figures s
left join inventory.items i using (sku)
group by s.warehouse, coalesce(i.category, '')
