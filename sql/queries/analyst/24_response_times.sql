-- en: How long alerts of each rule take to be told, answered and over, and which share is in time.
-- zh-CN: 各规则的预警从发出到通知、响应、解除用时多久，及时率多少。
-- en columns: a row per rule and warehouse, of the last 30 days of the wall clock; alerts, unanswered, medians and 95th percentiles in seconds from the alert's row (to_alert_p50_s and to_alert_p95_s: from the event), answered_percent within ten minutes, ordered_percent of replenishments within an hour.
-- zh-CN columns: 每规则每仓一行，实际时间最近 30 天；alerts 数，unanswered 未响应，自预警写入起的中位数与 95 分位秒数（to_alert_p50_s、to_alert_p95_s 自事件起），answered_percent 十分钟响应率，ordered_percent 一小时补货率。
-- :warehouse text | only this warehouse | 仅此仓库
-- :rule text | only this rule | 仅此规则
select r.rule, r.warehouse, r.alerts, r.unanswered, r.to_alert_p50_s, r.to_alert_p95_s,
    r.to_sent_p50_s, r.to_sent_p95_s, r.to_answer_p50_s, r.to_answer_p95_s, r.to_order_p50_s,
    r.to_order_p95_s, r.to_resolved_p50_s, r.to_resolved_p95_s,
    round(100 * r.answered_within_10_min, 2) as answered_percent,
    round(100 * r.ordered_within_1_h, 2) as ordered_percent
from response_summary as r
where (%(warehouse)s::text is null or r.warehouse = %(warehouse)s)
  and (%(rule)s::text is null or r.rule = %(rule)s)
order by r.alerts desc, r.rule, r.warehouse
