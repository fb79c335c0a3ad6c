-- +goose Up
SELECT create_aggregate('project');
ALTER TABLE project
  ADD COLUMN stage text GENERATED ALWAYS AS (body->>'stage') STORED,
  ADD COLUMN kind  text GENERATED ALWAYS AS (body->'case'->>'kind') STORED,
  ADD COLUMN route text GENERATED ALWAYS AS (body->'decision'->>'route') STORED;
CREATE INDEX ON project (stage, created_at DESC);
CREATE INDEX ON project (unit, created_at DESC);

-- What stands against units and systems.
SELECT create_aggregate('standing');

-- Every fact of every service, by project; append-only.
CREATE TABLE dossier_fact (
  project_id text NOT NULL,
  service    text NOT NULL,
  seq        bigint NOT NULL,
  type       text NOT NULL,
  at         timestamptz NOT NULL,
  unit       text NOT NULL,
  actor      text NOT NULL,
  trace_id   text NOT NULL,
  data       json NOT NULL, -- json, not jsonb: the bytes as they were stated
  PRIMARY KEY (project_id, service, seq)
);
ALTER TABLE dossier_fact ENABLE ROW LEVEL SECURITY;
-- The subquery is itself under the project's policies.
CREATE POLICY sees ON dossier_fact FOR SELECT USING (EXISTS (SELECT FROM project p WHERE p.id = project_id));
CREATE POLICY adds ON dossier_fact FOR INSERT WITH CHECK (app_changes('{}'));
SELECT grant_app('dossier_fact', 'SELECT, INSERT');
