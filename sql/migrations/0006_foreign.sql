-- What other standards say: differences found by a count (adjustment), and valid messages that
-- move no stock (observation).

ALTER TABLE inventory.movements DROP CONSTRAINT movements_type_check;
ALTER TABLE inventory.movements ADD CONSTRAINT movements_type_check
    CHECK (type IN ('outbound', 'inbound', 'move', 'stocktake', 'transfer_out', 'transfer_in',
                    'return', 'scrap', 'status', 'adjustment'));

-- An event is found by its time, which the ids seen tell: a cancel of an image need not read all.
CREATE INDEX journal_occurred_at_idx ON inventory.journal (occurred_at);
CREATE INDEX journal_observation_idx ON inventory.journal (occurred_at DESC)
    WHERE type = 'observation';
