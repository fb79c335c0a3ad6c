-- +goose Up
-- Red flags, and the audit cases opened from them.
SELECT create_aggregate('red_flag');
ALTER TABLE red_flag
  ADD COLUMN code         text GENERATED ALWAYS AS (body->>'code') STORED,
  ADD COLUMN severity     text GENERATED ALWAYS AS (body->>'severity') STORED,
  ADD COLUMN state        text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN audited_unit text GENERATED ALWAYS AS (body->>'audited_unit') STORED,
  ADD COLUMN scope        text GENERATED ALWAYS AS (body->>'scope') STORED;
CREATE INDEX ON red_flag (scope);
CREATE INDEX ON red_flag (state, created_at DESC, id DESC);
CREATE INDEX ON red_flag (audited_unit, created_at DESC, id DESC);
CREATE INDEX ON red_flag USING gin ((body->'projects'));

SELECT create_aggregate('audit_case');
ALTER TABLE audit_case
  ADD COLUMN state        text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN audited_unit text GENERATED ALWAYS AS (body->>'audited_unit') STORED,
  ADD COLUMN serious      text GENERATED ALWAYS AS (body->>'serious') STORED;
CREATE INDEX ON audit_case (state, created_at DESC, id DESC);
CREATE INDEX ON audit_case (audited_unit, created_at DESC, id DESC);

-- How far the ledger was looked at for flags, and under which rules.
CREATE TABLE flag_cursor (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  seq      bigint NOT NULL,
  rules    text   NOT NULL
);
INSERT INTO flag_cursor (seq, rules) VALUES (0, '');
SELECT grant_app('flag_cursor', 'SELECT, UPDATE');

-- What the ledger's facts tell of each project, as far as flags ask. It follows
-- from the ledger: emptied, with the cursor at 0, it comes about again.
CREATE TABLE flag_file (
  project  text  PRIMARY KEY,
  unit     text,
  agencies text[] NOT NULL DEFAULT '{}',
  sketch   jsonb,
  body     jsonb NOT NULL,
  look_on  date
);
CREATE INDEX ON flag_file (unit) WHERE sketch IS NOT NULL;
CREATE INDEX ON flag_file (look_on) WHERE look_on IS NOT NULL;
CREATE INDEX ON flag_file USING gin (agencies);
SELECT grant_app('flag_file', 'SELECT, INSERT, UPDATE');

-- The names under which units are registered.
CREATE TABLE flag_unit_name (
  unit      text PRIMARY KEY,
  name      text NOT NULL,
  event_seq bigint NOT NULL
);
SELECT grant_app('flag_unit_name', 'SELECT, INSERT, UPDATE');

-- They speak of every unit and show themselves to the service alone, and to
-- auditors, who read everything.
-- +goose StatementBegin
DO $$
DECLARE relation text;
BEGIN
  FOREACH relation IN ARRAY ARRAY['flag_cursor', 'flag_file', 'flag_unit_name'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', relation);
    EXECUTE format('CREATE POLICY sees ON %I FOR SELECT USING ((SELECT app_sees(''{}'')))', relation);
    EXECUTE format('CREATE POLICY adds ON %I FOR INSERT WITH CHECK ((SELECT app_changes(''{}'')))', relation);
    EXECUTE format('CREATE POLICY changes ON %I FOR UPDATE USING ((SELECT app_changes(''{}''))) WITH CHECK ((SELECT app_changes(''{}'')))', relation);
  END LOOP;
END $$;
-- +goose StatementEnd
