-- +goose Up
-- The search projection (package search): what rows of the ledger are found by,
-- in blocks of 16,384 rows that are written once, behind the ledger. It follows
-- from the rows alone; what is shown is read from them.
CREATE TABLE ledger_block (
  block    integer PRIMARY KEY CHECK (block >= 0), -- rows block*16384+1 to (block+1)*16384
  earliest bigint  NOT NULL, -- of its facts' times, in microseconds of Unix time
  latest   bigint  NOT NULL,
  times    bytea   NOT NULL
);

-- Which rows of a block have a term.
CREATE TABLE ledger_term (
  term  bigint  NOT NULL,
  block integer NOT NULL,
  rows  bytea   NOT NULL,
  PRIMARY KEY (term, block)
);
-- A set of rows has two kilobytes at most: it stays beside its term, as it is.
ALTER TABLE ledger_term ALTER COLUMN rows SET STORAGE MAIN;
ALTER TABLE ledger_term SET (toast_tuple_target = 4080, autovacuum_vacuum_insert_scale_factor = 0.5);

SELECT grant_app('ledger_block', 'SELECT, INSERT');
SELECT grant_app('ledger_term', 'SELECT, INSERT');

-- As with the rows: auditors and the service itself read, the service adds.
ALTER TABLE ledger_block ENABLE ROW LEVEL SECURITY;
CREATE POLICY sees ON ledger_block FOR SELECT USING ((SELECT app_sees('{}')));
CREATE POLICY adds ON ledger_block FOR INSERT WITH CHECK ((SELECT app_changes('{}')));
ALTER TABLE ledger_term ENABLE ROW LEVEL SECURITY;
CREATE POLICY sees ON ledger_term FOR SELECT USING ((SELECT app_sees('{}')));
CREATE POLICY adds ON ledger_term FOR INSERT WITH CHECK ((SELECT app_changes('{}')));
