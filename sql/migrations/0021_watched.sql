-- Answers of people to alerts that are no part of the fold are looked up by the alert's id.
CREATE INDEX journal_decision_idx ON inventory.journal ((body ->> 'alert_id'))
    WHERE type = 'decision';
