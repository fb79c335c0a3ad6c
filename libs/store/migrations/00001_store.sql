-- +goose Up
-- Row-level security: a row is visible to its parties. The settings are set
-- for each transaction from the caller's token; without them nothing shows.
CREATE FUNCTION app_names() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(nullif(current_setting('app.names', true), ''), '{}')::text[] $$;

CREATE FUNCTION app_sees(parties text[]) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(current_setting('app.read', true), '') = 'on' OR parties && app_names() $$;

CREATE FUNCTION app_changes(parties text[]) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(current_setting('app.write', true), '') = 'on' OR parties && app_names() $$;

-- secure_rows puts the policies on one table that has a parties column.
-- +goose StatementBegin
CREATE FUNCTION secure_rows(relation text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', relation);
  EXECUTE format('CREATE POLICY sees ON %I FOR SELECT USING (app_sees(parties))', relation);
  EXECUTE format('CREATE POLICY adds ON %I FOR INSERT WITH CHECK (app_changes(parties))', relation);
  EXECUTE format('CREATE POLICY changes ON %I FOR UPDATE USING (app_changes(parties)) WITH CHECK (app_changes(parties))', relation);
  PERFORM grant_app(relation, 'SELECT, INSERT, UPDATE');
END $$;

-- create_aggregate makes the table of one kind of aggregate. What lists filter
-- by is added by the service as generated columns over body.
CREATE FUNCTION create_aggregate(relation text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TABLE %I (
    id         text PRIMARY KEY,
    project_id text NOT NULL,
    unit       text NOT NULL,
    parties    text[] NOT NULL,
    version    bigint NOT NULL CHECK (version > 0),
    todo       text[] NOT NULL,
    body       jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL)', relation);
  EXECUTE format('CREATE INDEX ON %I (created_at DESC, id DESC)', relation);
  EXECUTE format('CREATE INDEX ON %I (project_id)', relation);
  EXECUTE format('CREATE INDEX ON %I USING gin (todo)', relation);
  PERFORM secure_rows(relation);
END $$;
-- +goose StatementEnd

-- One row a command: what it did, so that the same key has one effect.
CREATE TABLE idempotency (
  key        bytea PRIMARY KEY,
  body_hash  bytea NOT NULL,
  answer     bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON idempotency (created_at);
SELECT grant_app('idempotency', 'SELECT, INSERT, DELETE');

-- The clocks of all aggregates of the service, as the sweep and lists read them.
CREATE TABLE deadline (
  id           text PRIMARY KEY,
  collection   text NOT NULL,
  aggregate_id text NOT NULL,
  project_id   text NOT NULL,
  obligation   text NOT NULL,
  unit         text NOT NULL,
  parties      text[] NOT NULL,
  trigger_on   date NOT NULL,
  due_on       date NOT NULL,
  warn_on      date NOT NULL,
  warned       boolean NOT NULL,
  state        text NOT NULL CHECK (state IN ('open', 'met', 'late', 'waived', 'moved')),
  met_on       date,
  moved_from   date,
  provisional  boolean NOT NULL,
  basis        text[] NOT NULL
);
CREATE INDEX ON deadline (due_on) WHERE state = 'open';
CREATE INDEX ON deadline (project_id);
SELECT secure_rows('deadline');
