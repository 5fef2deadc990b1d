-- en: The ABC × XYZ matrix: how many SKUs of which class, what they sell and what they bind.
-- zh-CN: ABC × XYZ 矩阵：各类 SKU 数、出库额与占用货值。
-- en columns: a row per class; skus, issue_value of the class's window with its share, stock value with its share, days_of_cover.
-- zh-CN columns: 每类一行；skus 数，issue_value 出库额及占比，value 库存货值及占比，days_of_cover 可用天数。
-- :warehouse text | only this warehouse | 仅此仓库
-- :category text | only this category | 仅此品类
select k.abc, k.xyz, count(*) as skus, sum(k.issue_value) as issue_value,
    round(100 * sum(k.issue_value) / nullif(sum(sum(k.issue_value)) over (), 0), 2) as issue_percent,
    sum(f.value) as value,
    round(100 * sum(f.value) / nullif(sum(sum(f.value)) over (), 0), 2) as value_percent,
    round(sum(f.available) / nullif(sum(f.demand_per_day), 0), 1) as days_of_cover
from classes as k
left join stock_figures as f using (warehouse, sku)
left join items as i using (sku)
where (%(warehouse)s::text is null or k.warehouse = %(warehouse)s)
  and (%(category)s::text is null or i.category = %(category)s)
group by k.abc, k.xyz
order by k.abc nulls last, k.xyz nulls last
