-- +goose Up
-- What the unit has seen of the ledger, one row a ledger.
SELECT create_aggregate('ledger_watch');
