-- Which SKUs the seasonal method was due to and did not get to, and why.

ALTER TABLE inventory.forecast_quality
    ADD COLUMN skipped text CHECK (skipped IN ('budget', 'fit'));
ALTER TABLE inventory.forecast_runs ADD COLUMN skipped integer NOT NULL DEFAULT 0;
