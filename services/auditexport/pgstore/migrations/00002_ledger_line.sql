-- +goose Up
-- Rows arrive by COPY, which PostgreSQL refuses on a table with row-level
-- security. So they lie in ledger_line, where the service's role may add and
-- nothing else, and are read through ledger_row, whose policies stay.
DROP POLICY sees ON ledger_row;
DROP POLICY adds ON ledger_row;
ALTER TABLE ledger_row DISABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_row RENAME TO ledger_line;
CREATE TABLE ledger_row (LIKE ledger_line INCLUDING CONSTRAINTS) PARTITION BY RANGE (seq);
ALTER TABLE ledger_row ATTACH PARTITION ledger_line FOR VALUES FROM (1) TO (MAXVALUE);

-- +goose StatementBegin
DO $$ BEGIN EXECUTE format('REVOKE SELECT ON ledger_line FROM %I', current_setting('app.role')); END $$;
-- +goose StatementEnd

SELECT grant_app('ledger_row', 'SELECT, INSERT');
ALTER TABLE ledger_row ENABLE ROW LEVEL SECURITY;
CREATE POLICY sees ON ledger_row FOR SELECT USING ((SELECT app_sees('{}')));
CREATE POLICY adds ON ledger_row FOR INSERT WITH CHECK ((SELECT app_changes('{}')));

-- Large events are packed as they arrive, by the quicker method where the server
-- has it.
-- +goose StatementBegin
DO $$ BEGIN
  ALTER TABLE ledger_line ALTER COLUMN raw SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
  NULL;
END $$;
-- +goose StatementEnd

-- What the policy asks of a row that is inserted is asked once a COPY.
-- +goose StatementBegin
CREATE FUNCTION ledger_line_adds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT app_changes('{}') THEN
    RAISE insufficient_privilege USING MESSAGE = 'the ledger is written by the service itself';
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER adds BEFORE INSERT ON ledger_line FOR EACH STATEMENT EXECUTE FUNCTION ledger_line_adds();
