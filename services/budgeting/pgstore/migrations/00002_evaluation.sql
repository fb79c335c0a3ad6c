-- +goose Up
-- Evaluations of finished projects by third parties, and assessments of units.
SELECT create_aggregate('post_evaluation');
ALTER TABLE post_evaluation
  ADD COLUMN state  text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN agency text GENERATED ALWAYS AS (body->>'agency') STORED;

SELECT create_aggregate('assessment');
ALTER TABLE assessment
  ADD COLUMN state   text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN of_unit text GENERATED ALWAYS AS (body->>'of_unit') STORED,
  ADD COLUMN year    text GENERATED ALWAYS AS (body->>'year') STORED;
CREATE INDEX ON assessment (of_unit, created_at DESC);
