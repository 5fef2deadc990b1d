-- What ran here. Written by `waterline migrate` in the transaction of each file.

CREATE TABLE inventory.schema_migrations (
    name       text PRIMARY KEY,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
