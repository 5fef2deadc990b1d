-- Kafka's own id of a topic: a topic that was deleted and made anew has the same name and offsets
-- that mean other messages.
ALTER TABLE inventory.offsets ADD COLUMN topic_id text;
ALTER TABLE inventory.intake ADD COLUMN topic_id text;
