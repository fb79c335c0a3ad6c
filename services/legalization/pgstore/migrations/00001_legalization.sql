-- +goose Up
SELECT create_aggregate('need');
ALTER TABLE need ADD COLUMN state text GENERATED ALWAYS AS (body->>'state') STORED;
CREATE INDEX ON need (state, created_at DESC);

SELECT create_aggregate('price_cap');
SELECT create_aggregate('inventory');
