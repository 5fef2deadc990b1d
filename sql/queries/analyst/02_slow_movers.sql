-- en: What still sells, but so slowly that its stock lasts longest, of what was there the whole window.
-- zh-CN: 仍有出库但最慢、库存最耐用的商品（整个窗口内一直在库）。
-- en columns: a row per warehouse and SKU; issues of the window, days_of_stock = on_hand / issues × days, issued_on the last sale.
-- zh-CN columns: 每仓每 SKU 一行；issues 为窗口出库，days_of_stock = 在库 / 出库 × 天数，issued_on 为最后销售日。
-- :days 7/30/90/365 | window of local days, today included; 90 | 当地天数窗口，含今天；默认 90
-- :warehouse text | only this warehouse | 仅此仓库
-- :category text | only this category | 仅此品类
-- :limit integer | most rows; 50 | 最多行数；默认 50
with windows as (
    select n.days, array_position(array[7, 30, 90, 365], n.days) as i
    from (select coalesce(%(days)s::integer, 90)) as n (days)
),
sold as (
    select f.warehouse, f.sku, f.on_hand, f.value, f.first_on, f.issued_on, w.days,
        coalesce(f.window_issues[w.i], 0)
            + case when f.day = c.today then f.day_issues else 0 end as issues
    from stock_figures as f
    join clocks as c using (warehouse)
    cross join windows as w
    where f.on_hand > 0 and f.first_on <= c.today - w.days
      and (%(warehouse)s::text is null or f.warehouse = %(warehouse)s)
)
select s.warehouse, s.sku, i.name, i.name_zh, i.category, s.on_hand, s.value, s.issues,
    round(s.on_hand / s.issues * s.days, 1) as days_of_stock, s.issued_on
from sold as s
left join items as i using (sku)
where s.issues > 0 and (%(category)s::text is null or i.category = %(category)s)
order by s.on_hand / s.issues desc, s.warehouse, s.sku
limit coalesce(%(limit)s::bigint, 50)
