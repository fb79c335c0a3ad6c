-- +goose Up
-- One row: what the district publishes about holidays is changed as a whole.
SELECT create_aggregate('holiday_table');
