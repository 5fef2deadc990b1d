-- en: Which actions were proposed, who decided them and what came of them.
-- zh-CN: 提出了哪些动作、由谁决定、结果如何。
-- en columns: a row per kind and warehouse; proposed, by_policy (approved by themselves), approved, rejected, withdrawn, waiting for a decision, sent, done, failed, value_approved, decide_hours the median until a person decided, done_hours the median from proposal to done.
-- zh-CN columns: 每类型每仓一行；proposed 提出数，by_policy 自动批准，approved 人工批准，rejected 驳回，withdrawn 撤回，waiting 待批，sent 已发送，done 完成，failed 失败，value_approved 批准金额，decide_hours 人工决定用时中位数，done_hours 提出至完成的中位数（小时）。
-- :days integer | proposed in the last days up to the clock; 30 | 时钟前若干天内提出；默认 30
-- :warehouse text | only this warehouse | 仅此仓库
-- :kind replenishment/clearance/expedite/rebalance | only this kind | 仅此类型
select a.kind, a.warehouse, count(*) as proposed,
    count(*) filter (where a.approval = 'auto' and a.decided_at is not null) as by_policy,
    count(*) filter (where a.approval = 'manual' and a.decided_at is not null
                     and a.state in ('approved', 'sent', 'done', 'failed')) as approved,
    count(*) filter (where a.state = 'rejected') as rejected,
    count(*) filter (where a.state = 'withdrawn') as withdrawn,
    count(*) filter (where a.state = 'proposed') as waiting,
    count(*) filter (where a.sent_at is not null) as sent,
    count(*) filter (where a.state = 'done') as done,
    count(*) filter (where a.state = 'failed') as failed,
    coalesce(sum(a.value) filter (where a.state in ('approved', 'sent', 'done')), 0)
        as value_approved,
    round((percentile_cont(0.5) within group (
        order by extract(epoch from a.decided_at - a.proposed_at))
        filter (where a.approval = 'manual') / 3600)::numeric, 2) as decide_hours,
    round((percentile_cont(0.5) within group (
        order by extract(epoch from a.finished_at - a.proposed_at))
        filter (where a.state = 'done') / 3600)::numeric, 2) as done_hours
from actions as a
where a.proposed_at > (select min(c.clock_at) from clocks as c)
        - interval '1 day' * coalesce(%(days)s::integer, 30)
  and (%(warehouse)s::text is null or a.warehouse = %(warehouse)s)
  and (%(kind)s::text is null or a.kind = %(kind)s)
group by a.kind, a.warehouse
order by proposed desc, a.kind, a.warehouse
