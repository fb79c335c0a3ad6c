-- +goose Up
-- The lists of amounts are asked for by ranges within one block.
CREATE INDEX ledger_term_amounts ON ledger_term (block, term) WHERE term >= 432345564227567616;
