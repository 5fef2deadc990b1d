-- en: Who touched a lot: every operator with what he did to it.
-- zh-CN: 谁经手过某批次：每位操作员及其操作。
-- en columns: a row per operator, warehouse, SKU and kind of event; steps, quantity moved (signed), first_at, last_at, the devices used.
-- zh-CN columns: 每操作员、仓库、SKU、事件类型一行；steps 次数，quantity 带符号数量，first_at、last_at 首末时间，devices 所用设备。
-- :lot text required | the lot | 批次号
-- :sku text | only this SKU | 仅此 SKU
-- :warehouse text | only this warehouse | 仅此仓库
with holders as (
    select %(sku)s::text as sku
    where %(sku)s::text is not null
    union
    select d.sku from lot_dates as d
    where %(sku)s::text is null and d.lot = %(lot)s::text
    union
    select b.sku from stock_bins as b
    where %(sku)s::text is null and b.lot = %(lot)s::text and b.lot <> ''
),
asked as materialized (
    select h.sku from holders as h
    union all
    select null where not exists (select from holders)
)
select t.operator, t.warehouse, t.sku, t.type, count(*) as steps, sum(t.quantity) as quantity,
    min(t.at) as first_at, max(t.at) as last_at,
    string_agg(distinct t.device, ', ' order by t.device) as devices
from asked as a
cross join lateral trace(sku => a.sku, lot => %(lot)s::text) as t
where %(warehouse)s::text is null or t.warehouse = %(warehouse)s
group by t.operator, t.warehouse, t.sku, t.type
order by min(t.at), t.operator, t.warehouse, t.sku, t.type
