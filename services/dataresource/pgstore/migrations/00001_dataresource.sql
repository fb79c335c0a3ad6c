-- +goose Up
SELECT create_aggregate('need');

SELECT create_aggregate('catalogue');
ALTER TABLE catalogue ADD COLUMN state text GENERATED ALWAYS AS (body->>'state') STORED;
CREATE INDEX ON catalogue (state, created_at DESC);

SELECT create_aggregate('cloud_request');
ALTER TABLE cloud_request ADD COLUMN state text GENERATED ALWAYS AS (body->>'state') STORED;
CREATE INDEX ON cloud_request (state, created_at DESC);

SELECT create_aggregate('steward');

-- One source an item (SH16-D-12).
CREATE TABLE item_source (
  item         text PRIMARY KEY,
  unit         text NOT NULL,
  catalogue_id text NOT NULL
);
CREATE INDEX ON item_source (catalogue_id);
SELECT grant_app('item_source', 'SELECT, INSERT, DELETE');
