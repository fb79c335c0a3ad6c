-- +goose Up
SELECT create_aggregate('unit');
ALTER TABLE unit
  ADD COLUMN kind   text GENERATED ALWAYS AS (body->>'kind') STORED,
  ADD COLUMN parent text GENERATED ALWAYS AS (body->>'parent') STORED,
  ADD COLUMN seat   text GENERATED ALWAYS AS (body->>'seat') STORED,
  ADD COLUMN active text GENERATED ALWAYS AS (body->>'active') STORED;
CREATE INDEX ON unit (parent);

SELECT create_aggregate('account');
ALTER TABLE account
  ADD COLUMN state         text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN review_due_on text GENERATED ALWAYS AS (body->>'review_due_on') STORED;
CREATE INDEX ON account (unit, created_at DESC);
CREATE INDEX ON account (review_due_on) WHERE state = 'active';

SELECT create_aggregate('delegation');
ALTER TABLE delegation
  ADD COLUMN from_account text GENERATED ALWAYS AS (body->>'from') STORED,
  ADD COLUMN to_account   text GENERATED ALWAYS AS (body->>'to') STORED,
  ADD COLUMN state        text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN ends_on      text GENERATED ALWAYS AS (body->>'ends_on') STORED;
CREATE INDEX ON delegation (ends_on) WHERE state = 'granted';

SELECT create_aggregate('signing_key');

-- What accounts sign in with. Nobody sees it but the service itself: the
-- restrictive policy stands beside the general ones and no party passes it, nor
-- do auditors.
SELECT create_aggregate('credential');
CREATE POLICY service_only ON credential AS RESTRICTIVE USING (app_changes('{}')) WITH CHECK (app_changes('{}'));

SELECT create_aggregate('session');
CREATE POLICY ends ON session FOR DELETE USING (app_changes('{}'));
SELECT grant_app('session', 'DELETE');

-- Units and accounts share one space of names, since row-level security knows
-- parties by name alone: an account named like a unit would see the unit's rows.
CREATE TABLE party_name (
  name text PRIMARY KEY,
  kind text NOT NULL
);
SELECT grant_app('party_name', 'INSERT');
-- +goose StatementBegin
CREATE FUNCTION take_party_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO party_name (name, kind) VALUES (NEW.id, TG_TABLE_NAME);
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER take_party_name AFTER INSERT ON unit FOR EACH ROW EXECUTE FUNCTION take_party_name();
CREATE TRIGGER take_party_name AFTER INSERT ON account FOR EACH ROW EXECUTE FUNCTION take_party_name();
