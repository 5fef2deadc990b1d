-- en: The trail of an order: every image of its lines and every scan for it, in the order of effect.
-- zh-CN: 某订单的轨迹：各订单行内容与相关扫描，按生效顺序。
-- en columns: a row per step; at, type, line_id, quantity (of a line: ordered), who, from where, on which paper, detail the line's figures.
-- zh-CN columns: 每步一行；at 时间，type 类型，line_id 行号，quantity 数量（订单行为订购量），操作员、库位、单据，detail 为订单行数量。
-- :order_id text required | the order | 订单号
-- :warehouse text | only this warehouse | 仅此仓库
select t.at, t.type, t.warehouse, t.line_id, t.sku, t.lot, t.quantity, t.operator, t.device,
    coalesce(t.from_bin, t.to_bin) as bin, t.document, t.detail
from trace(order_id => %(order_id)s::text) as t
where %(warehouse)s::text is null or t.warehouse = %(warehouse)s
