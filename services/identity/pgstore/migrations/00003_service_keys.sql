-- +goose Up
-- What operators say of the keys by which services sign what they state.
SELECT create_aggregate('service_key');
ALTER TABLE service_key ADD COLUMN state text GENERATED ALWAYS AS (body->>'state') STORED;
