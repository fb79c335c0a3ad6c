-- +goose Up
SELECT create_aggregate('norm');
ALTER TABLE norm
  ADD COLUMN state       text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN document_no text GENERATED ALWAYS AS (body->>'document_no') STORED;
-- A number names one norm.
CREATE UNIQUE INDEX ON norm (document_no);

SELECT create_aggregate('protection');
ALTER TABLE protection ADD COLUMN state text GENERATED ALWAYS AS (body->>'state') STORED;
CREATE INDEX ON protection (state, created_at DESC);

SELECT create_aggregate('safeguard');

SELECT create_aggregate('inspection');
ALTER TABLE inspection ADD COLUMN state text GENERATED ALWAYS AS (body->>'state') STORED;
CREATE INDEX ON inspection (state, created_at DESC);
CREATE INDEX ON inspection (unit, created_at DESC);
