-- The last round of each invariant, and since when its drift is alerted. The names are found by
-- hopping over the primary key: the table holds a month of minutes.
CREATE VIEW inventory.invariants_now AS
WITH RECURSIVE names AS (
    (SELECT i.name FROM inventory.invariants AS i ORDER BY i.name LIMIT 1)
    UNION ALL
    SELECT (SELECT i.name FROM inventory.invariants AS i WHERE i.name > n.name
            ORDER BY i.name LIMIT 1)
    FROM names AS n
    WHERE n.name IS NOT NULL
)
SELECT
    l.name, l.at, l.checked, l.wrong, l.drift, l.worst, l.duration_ms, l.whole_since,
    s.alert_id, s.opened_at AS drifting_since
FROM names AS n
CROSS JOIN LATERAL (
    SELECT * FROM inventory.invariants AS i WHERE i.name = n.name ORDER BY i.at DESC LIMIT 1
) AS l
LEFT JOIN inventory.alert_state AS s
    ON s.rule = 'invariant_drift' AND s.subject = l.name AND s.state <> 'resolved'
    AND s.warehouse = '' AND s.sku = '' AND s.lot = '' AND s.bin = '';

-- For boards: without the keys.
CREATE VIEW screen.invariants AS
SELECT i.name, i.at, i.checked, i.wrong, i.drift, i.duration_ms, i.whole_since, i.drifting_since
FROM inventory.invariants_now AS i;
