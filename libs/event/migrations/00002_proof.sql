-- +goose Up
-- What proves a held fact: the voucher of the batch it came in, as JSON; empty
-- where facts are not signed.
ALTER TABLE event_held ADD COLUMN proof text NOT NULL DEFAULT '';
