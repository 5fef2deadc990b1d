-- Warehouses that have a series and are no longer known by a clock and a first movement.
select r.warehouse
from inventory.series_runs r
where r.series = %(series)s
  and not exists (
    select from inventory.clocks c
    join inventory.stock_figures s using (warehouse)
    where c.warehouse = r.warehouse and s.first_on is not null)
