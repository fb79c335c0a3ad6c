-- +goose Up
-- A project is its own project: the primary key finds it.
DROP INDEX project_project_id_idx;
-- Facts of a few kilobytes stay in their row, as in the outbox.
ALTER TABLE dossier_fact SET (toast_tuple_target = 4080);
