-- +goose Up
SELECT create_aggregate('budget');
ALTER TABLE budget
  ADD COLUMN state        text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN kind         text GENERATED ALWAYS AS (body->'project'->>'kind') STORED,
  ADD COLUMN held         text GENERATED ALWAYS AS (body->>'held') STORED,
  ADD COLUMN system_id    text GENERATED ALWAYS AS (body->>'system_id') STORED,
  ADD COLUMN not_accepted text GENERATED ALWAYS AS (body->>'not_accepted') STORED;
CREATE INDEX ON budget (state, created_at DESC);
CREATE INDEX ON budget (unit, created_at DESC);
CREATE INDEX ON budget (unit) WHERE held = 'true';
CREATE INDEX ON budget (system_id) WHERE not_accepted = 'true';
