-- +goose Up
SELECT create_aggregate('procurement');
ALTER TABLE procurement
  ADD COLUMN state  text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN kind   text GENERATED ALWAYS AS (body->'project'->>'kind') STORED,
  ADD COLUMN method text GENERATED ALWAYS AS (body->>'method') STORED;
CREATE INDEX ON procurement (state, created_at DESC);
CREATE INDEX ON procurement (unit, created_at DESC);
