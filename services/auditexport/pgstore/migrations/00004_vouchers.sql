-- +goose Up
-- What proves that a run of rows holds events as their services signed them: the
-- signature of the batch in which a relay appended them, once a run, and what is
-- needed to come from the rows to what it covers (libs/event, Voucher).
CREATE TABLE ledger_voucher (
  first_seq bigint      PRIMARY KEY CHECK (first_seq > 0),
  rows      int         NOT NULL CHECK (rows > 0),
  source    text        NOT NULL,
  key_id    text        NOT NULL,
  signed_at timestamptz NOT NULL,
  signature bytea       NOT NULL,
  size      bigint      NOT NULL, -- events of the batch
  first     bigint      NOT NULL, -- of them before the run
  around    bytea       NOT NULL, -- hashes to the left of the run, then to its right
  recorded  bytea       NOT NULL  -- when each event was recorded: eight bytes, Unix microseconds
);
SELECT grant_app('ledger_voucher', 'SELECT, INSERT');

-- Rows are searched by their units, persons and types through the search
-- projection, and arrive in the order of their times but for little.
DROP INDEX ledger_row_unit_seq_idx, ledger_row_actor_seq_idx, ledger_row_type_seq_idx, ledger_row_at_seq_idx;
CREATE INDEX ON ledger_line USING brin (at) WITH (pages_per_range = 16);
CREATE INDEX ON ledger_line (subject, seq) WHERE type = 'egov.declaration.v1.ProjectSubmitted';
