-- en: What has stock and has not sold for so many local days, the dearest first.
-- zh-CN: 有库存但若干当地日无销售出库的商品，货值高者在前。
-- en columns: a row per warehouse and SKU; idle_days since the last sale (never sold: since its first movement), oldest_on the day the oldest of it was received.
-- zh-CN columns: 每仓每 SKU 一行；idle_days 为距最后销售（从未销售则距首次变动）的天数，oldest_on 为最早一批的收货日。
-- :days integer | local days without a sale; dead_stock_days of the policies (90) | 无销售的当地天数；默认按策略 dead_stock_days（90）
-- :warehouse text | only this warehouse | 仅此仓库
-- :category text | only this category | 仅此品类
-- :limit integer | most rows; 100 | 最多行数；默认 100
select f.warehouse, f.sku, i.name, i.name_zh, i.category, f.on_hand, f.value, f.issued_on,
    c.today - coalesce(f.issued_on, f.first_on) as idle_days,
    f.layer_days[1] as oldest_on
from stock_figures as f
join clocks as c using (warehouse)
left join items as i using (sku)
where f.on_hand > 0
  and c.today - coalesce(f.issued_on, f.first_on) >= coalesce(%(days)s::integer, policy_in(
      (select policy_values('dead_stock_days')), policy_default('dead_stock_days'),
      f.warehouse, i.category, f.sku))
  and (%(warehouse)s::text is null or f.warehouse = %(warehouse)s)
  and (%(category)s::text is null or i.category = %(category)s)
order by f.value desc nulls last, idle_days desc, f.warehouse, f.sku
limit coalesce(%(limit)s::bigint, 100)
