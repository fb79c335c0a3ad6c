-- +goose Up
SELECT create_aggregate('plan');
ALTER TABLE plan ADD COLUMN state text GENERATED ALWAYS AS (body->>'state') STORED;
CREATE INDEX ON plan (state, created_at DESC);

SELECT create_aggregate('exemption');
ALTER TABLE exemption
  ADD COLUMN state     text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN filing_no text GENERATED ALWAYS AS (body->>'filing_no') STORED;
CREATE INDEX ON exemption (state, created_at DESC);
-- A filing number names one exemption.
CREATE UNIQUE INDEX ON exemption (filing_no);

SELECT create_aggregate('assessment');
ALTER TABLE assessment ADD COLUMN state text GENERATED ALWAYS AS (body->>'state') STORED;
CREATE INDEX ON assessment (state, created_at DESC);
