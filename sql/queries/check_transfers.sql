-- Per transfer: received = Σ its transfer_in legs; shipped = −Σ its transfer_out legs, the latter
-- only where both warehouses live on one partition of the log. A transfer's row and its receipts
-- are written by the destination's partition in one transaction. The dispatch of a source on
-- another partition is a transaction of its own: for a moment one is there and the other is not,
-- and that is no drift. Lost goods leave no leg, and out = in + in transit + lost is how the column
-- in_transit is made: both are the audit's. A transfer some of whose legs are no longer kept is left
-- out. Of the documents in `only`, or of all.
with legs as (
    select
        coalesce(document, '') as document, sku,
        case type when 'transfer_in' then counterpart else warehouse end as "from",
        case type when 'transfer_in' then warehouse else counterpart end as "to",
        sum(quantity) filter (where type = 'transfer_in') as received,
        -sum(quantity) filter (where type = 'transfer_out') as shipped
    from inventory.movements
    where type in ('transfer_in', 'transfer_out') and counterpart is not null
        and (%(only)s::text[] is null or document = any(%(only)s::text[]))
    group by 1, 2, 3, 4
),
kept as (
    select document, sku, "from", "to", shipped, received,
        least(shipped_at, received_at) < (
            select gone_before from inventory.retention where relation = 'movements') as gone
    from inventory.transfers
    where %(only)s::text[] is null or document = any(%(only)s::text[])
),
both_ends as (
    select
        document, sku, "from", "to",
        coalesce(k.received, 0) as received, coalesce(l.received, 0) as received_legs,
        coalesce(k.shipped, 0) as shipped, coalesce(l.shipped, 0) as shipped_legs,
        a.log_partition = b.log_partition as together,
        k.gone is not true as whole
    from kept as k
    full join legs as l using (document, sku, "from", "to")
    left join inventory.partitions as a on a.warehouse = "from"
    left join inventory.partitions as b on b.warehouse = "to"
)
select document, sku, "from", "to", 'received' as figure, received_legs as expected,
    received as found
from both_ends
where whole
union all
select document, sku, "from", "to", 'shipped', shipped_legs, shipped
from both_ends
where whole and together
