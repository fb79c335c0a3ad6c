-- +goose Up
SELECT create_aggregate('session');
ALTER TABLE session
  ADD COLUMN state   text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN mode    text GENERATED ALWAYS AS (body->>'mode') STORED,
  ADD COLUMN held_on text GENERATED ALWAYS AS (body->>'held_on') STORED;
CREATE INDEX ON session (state, created_at DESC);

-- The projects before the conference, one row a project; the register of
-- filings is the rows whose outcome is "filed".
SELECT create_aggregate('docket');
ALTER TABLE docket
  ADD COLUMN state          text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN treatment      text GENERATED ALWAYS AS (body->>'treatment') STORED,
  ADD COLUMN outcome        text GENERATED ALWAYS AS (body->>'outcome') STORED,
  ADD COLUMN kind           text GENERATED ALWAYS AS (body->'project'->>'kind') STORED,
  ADD COLUMN declaring_unit text GENERATED ALWAYS AS (body->'project'->>'unit') STORED,
  ADD COLUMN priority       text GENERATED ALWAYS AS (body->>'priority') STORED;
CREATE INDEX ON docket (state, created_at DESC);
CREATE INDEX ON docket (outcome, created_at DESC);
CREATE INDEX ON docket (declaring_unit, created_at DESC);

SELECT create_aggregate('seat');
