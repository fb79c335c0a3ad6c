-- +goose Up
-- Units with projects that changed since the flags over all their projects were
-- looked for, and the last row that did it, 0 for none. It follows from the ledger
-- as the rest of what the watch keeps.
CREATE TABLE flag_unit_touched (
  unit text PRIMARY KEY,
  seq  bigint NOT NULL
);
SELECT grant_app('flag_unit_touched', 'SELECT, INSERT, UPDATE, DELETE');
ALTER TABLE flag_unit_touched ENABLE ROW LEVEL SECURITY;
CREATE POLICY sees ON flag_unit_touched FOR SELECT USING ((SELECT app_sees('{}')));
CREATE POLICY adds ON flag_unit_touched FOR INSERT WITH CHECK ((SELECT app_changes('{}')));
CREATE POLICY changes ON flag_unit_touched FOR UPDATE USING ((SELECT app_changes('{}'))) WITH CHECK ((SELECT app_changes('{}')));
CREATE POLICY ends ON flag_unit_touched FOR DELETE USING ((SELECT app_changes('{}')));
