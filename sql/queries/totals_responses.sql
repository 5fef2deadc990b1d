-- How fast alerts of the last 30 days were answered: the rows of response_totals.
select r.rule, r.warehouse, r.alerts, r.unanswered, r.to_sent_p50_s, r.to_sent_p95_s, r.to_answer_p50_s,
    r.to_answer_p95_s, r.to_order_p50_s, r.to_order_p95_s, r.to_resolved_p50_s, r.to_resolved_p95_s,
    r.answered_within_10_min, r.ordered_within_1_h
from inventory.response_summary r
