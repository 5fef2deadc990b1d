-- en: How often the stock turns over, by cost, per category, warehouse, both or in all.
-- zh-CN: 库存周转率（按成本），按品类、仓库、两者或总体。
-- en columns: turnover = issue_cost / exact mean value of the window, annualised = × 365 / its length, days_of_inventory = its length / turnover, by_quantity = units issued / mean units, simple = issue_cost / ((opening + closing value) / 2); NULL where the mean is not above 0.
-- zh-CN columns: turnover = 出库成本 / 窗口内平均货值（精确），annualised 年化，days_of_inventory 库存天数，by_quantity 按数量，simple 按（期初 + 期末）/ 2；平均 ≤ 0 为 NULL。
-- :scope category/warehouse/warehouse_category/all | what a row is; category | 每行的范围；默认 category
-- :days 7/30/90/365 | window of local days, today included; 30 | 当地天数窗口，含今天；默认 30
-- :warehouse text | only this warehouse (scopes that name one) | 仅此仓库（含仓库的范围）
-- :category text | only this category (scopes that name one) | 仅此品类（含品类的范围）
select t.warehouse, t.category, t.issue_cost, t.mean_value, t.turnover, t.annualised,
    t.days_of_inventory, t.turnover_quantity as by_quantity, t.turnover_simple as simple
from turnover as t
where t.scope = coalesce(%(scope)s::text, 'category') and t.days = coalesce(%(days)s::integer, 30)
  and (%(warehouse)s::text is null or t.warehouse = %(warehouse)s)
  and (%(category)s::text is null or t.category = %(category)s)
order by t.turnover desc nulls last, t.warehouse, t.category
