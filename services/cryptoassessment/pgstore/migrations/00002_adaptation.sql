-- +goose Up
SELECT create_aggregate('adaptation');
ALTER TABLE adaptation ADD COLUMN state text GENERATED ALWAYS AS (body->>'state') STORED;
CREATE INDEX ON adaptation (state, created_at DESC);
