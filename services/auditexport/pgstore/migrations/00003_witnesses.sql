-- +goose Up
-- The units' services that cosign checkpoints, and what they were last asked
-- to cosign.
SELECT create_aggregate('witness');
SELECT create_aggregate('announcement');

-- The notes with the cosignatures that witnesses put on them.
CREATE TABLE ledger_cosignature (
  size    bigint      NOT NULL,
  service text        NOT NULL,
  note    bytea       NOT NULL,
  kept_at timestamptz NOT NULL,
  PRIMARY KEY (size, service)
);
SELECT grant_app('ledger_cosignature', 'SELECT, INSERT');
