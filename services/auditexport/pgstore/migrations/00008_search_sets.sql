-- +goose Up
-- The sets of one term lie in as many places as there are blocks. Beside one
-- another in an index they are read at once. The terms of amounts are the last
-- (package search); their lists are too long for an index.
CREATE UNIQUE INDEX ledger_term_sets ON ledger_term (term, block) INCLUDE (rows) WHERE term < 432345564227567616;
-- An index alone answers where the server knows that every row is to be seen.
ALTER TABLE ledger_term SET (autovacuum_vacuum_insert_scale_factor = 0.1);
