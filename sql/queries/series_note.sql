-- How far a series of a warehouse goes now, and what it was made from.
insert into inventory.series_runs as r
    (series, warehouse, starts_at, ends_at, committed_to, fingerprint)
values (%(series)s, %(warehouse)s, %(starts)s, %(upto)s, now(), %(fingerprint)s)
on conflict (series, warehouse) do update set
    starts_at = excluded.starts_at, ends_at = excluded.ends_at,
    committed_to = excluded.committed_to, fingerprint = excluded.fingerprint
