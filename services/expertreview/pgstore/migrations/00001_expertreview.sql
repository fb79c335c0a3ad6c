-- +goose Up
SELECT create_aggregate('evaluation');
ALTER TABLE evaluation
  ADD COLUMN state  text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN agency text GENERATED ALWAYS AS (body->>'agency') STORED;
CREATE INDEX ON evaluation (state, created_at DESC);

SELECT create_aggregate('expert');
