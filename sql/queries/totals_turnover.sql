-- Turnover of all, warehouses and categories: the rows of turnover_totals.
select t.scope, coalesce(t.warehouse, '') as warehouse, coalesce(t.category, '') as category, t.days,
    t.issue_cost, t.mean_value, t.turnover, t.annualised, t.days_of_inventory
from inventory.turnover t
