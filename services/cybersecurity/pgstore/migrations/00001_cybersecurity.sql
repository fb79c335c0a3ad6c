-- +goose Up
SELECT create_aggregate('consent');
ALTER TABLE consent
  ADD COLUMN state      text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN consent_no text GENERATED ALWAYS AS (body->>'consent_no') STORED;
CREATE INDEX ON consent (state, created_at DESC);
-- A number names one consent.
CREATE UNIQUE INDEX ON consent (consent_no);

SELECT create_aggregate('system');
ALTER TABLE system
  ADD COLUMN state     text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN grade     text GENERATED ALWAYS AS (body->>'grade') STORED,
  ADD COLUMN in_use    text GENERATED ALWAYS AS (body->>'in_use') STORED,
  ADD COLUMN filing_no text GENERATED ALWAYS AS (body->>'filing_no') STORED;
CREATE INDEX ON system (state, created_at DESC);
CREATE INDEX ON system (unit, created_at DESC);
-- A police filing number names one system.
CREATE UNIQUE INDEX ON system (filing_no);

SELECT create_aggregate('site');
ALTER TABLE site
  ADD COLUMN state   text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN channel text GENERATED ALWAYS AS (body->>'channel') STORED,
  ADD COLUMN address text GENERATED ALWAYS AS (body->>'address') STORED;
CREATE INDEX ON site (unit, created_at DESC);
-- One account is on record once while it is open.
CREATE UNIQUE INDEX ON site (channel, address) WHERE state = 'open';
