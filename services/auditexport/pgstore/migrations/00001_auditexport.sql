-- +goose Up
SELECT create_aggregate('inquiry');
SELECT create_aggregate('export');
ALTER TABLE export ADD COLUMN state text GENERATED ALWAYS AS (body->>'state') STORED;

-- The ledger. The service's role adds rows and reads them; it can change or
-- remove none. raw is what is hashed. The columns behind chain are for finding
-- rows; what is shown is read from raw, and a check compares the two.
CREATE TABLE ledger_row (
  seq       bigint      PRIMARY KEY CHECK (seq > 0),
  raw       bytea       NOT NULL,
  sha256    bytea       NOT NULL,
  sm3       bytea       NOT NULL,
  chain     bytea       NOT NULL,
  event_id  uuid        NOT NULL UNIQUE,
  service   text        NOT NULL,
  type      text        NOT NULL,
  subject   text        NOT NULL,
  unit      text        NOT NULL,
  actor     text        NOT NULL,
  trace_id  text        NOT NULL,
  at        timestamptz NOT NULL
);
CREATE INDEX ON ledger_row (subject, seq);
CREATE INDEX ON ledger_row (unit, seq);
CREATE INDEX ON ledger_row (actor, seq);
CREATE INDEX ON ledger_row (type, seq);
CREATE INDEX ON ledger_row (trace_id);
CREATE INDEX ON ledger_row (at, seq);
SELECT grant_app('ledger_row', 'SELECT, INSERT');

-- The ledger speaks of every unit, so it shows itself to those alone who read
-- everything: auditors, and the service. The scope is asked for once a query.
ALTER TABLE ledger_row ENABLE ROW LEVEL SECURITY;
CREATE POLICY sees ON ledger_row FOR SELECT USING ((SELECT app_sees('{}')));
CREATE POLICY adds ON ledger_row FOR INSERT WITH CHECK ((SELECT app_changes('{}')));

-- Nodes of the tree at the levels that are kept (libs/ledger, TileHeight).
CREATE TABLE ledger_node (
  level smallint NOT NULL,
  idx   bigint   NOT NULL,
  hash  bytea    NOT NULL,
  PRIMARY KEY (level, idx)
);
SELECT grant_app('ledger_node', 'SELECT, INSERT');

-- Where the ledger stands: the row that appends are serialised by. It follows
-- from the rows; a check recomputes it.
CREATE TABLE ledger_head (
  only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  size      bigint  NOT NULL,
  chain     bytea   NOT NULL,
  sm3_chain bytea   NOT NULL,
  edge      bytea   NOT NULL
);
SELECT grant_app('ledger_head', 'SELECT, INSERT');
SELECT grant_app('ledger_head', 'UPDATE (size, chain, sm3_chain, edge)');

CREATE TABLE ledger_checkpoint (
  size      bigint      PRIMARY KEY CHECK (size > 0),
  note      bytea       NOT NULL,
  signed_at timestamptz NOT NULL
);
SELECT grant_app('ledger_checkpoint', 'SELECT, INSERT');
