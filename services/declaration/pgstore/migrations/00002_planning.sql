-- +goose Up
-- Plans of the office on their road, the year's key work, and the returns that
-- units owe.
SELECT create_aggregate('plan');
ALTER TABLE plan
  ADD COLUMN kind      text GENERATED ALWAYS AS (body->>'kind') STORED,
  ADD COLUMN state     text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN from_year text GENERATED ALWAYS AS (body->>'from_year') STORED;
CREATE INDEX ON plan (kind, created_at DESC);

SELECT create_aggregate('work_task');
ALTER TABLE work_task
  ADD COLUMN plan_id text GENERATED ALWAYS AS (body->>'plan_id') STORED,
  ADD COLUMN year    text GENERATED ALWAYS AS (body->>'year') STORED,
  ADD COLUMN state   text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN overdue text GENERATED ALWAYS AS (body->>'overdue') STORED;
CREATE INDEX ON work_task (year, unit);

SELECT create_aggregate('unit_return');
ALTER TABLE unit_return
  ADD COLUMN kind text GENERATED ALWAYS AS (body->>'kind') STORED;
CREATE INDEX ON unit_return (kind, unit);
