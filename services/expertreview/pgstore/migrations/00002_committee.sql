-- +goose Up
-- The committee of experts of each term.
SELECT create_aggregate('committee');
