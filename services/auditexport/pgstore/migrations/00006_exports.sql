-- +goose Up
-- The files of exports, and how far their writing has got. A file is written in
-- parts; a point is where its writing can be taken up, always between two parts.
-- Whoever writes has the newest claim: a process that was thought dead and is
-- not writes nothing more.
CREATE TABLE export_work (
  export_id  text        PRIMARY KEY,
  claim      bigint      NOT NULL DEFAULT 0,
  beat       timestamptz,                     -- the writer's last sign of life; null when nobody writes
  held       boolean     NOT NULL DEFAULT false,
  failures   integer     NOT NULL DEFAULT 0,  -- since the last point
  point      jsonb,
  point_at   bigint      NOT NULL DEFAULT 0,  -- bytes before the point
  written    bigint      NOT NULL DEFAULT 0,  -- bytes, those behind the point included
  rows_done  bigint      NOT NULL DEFAULT 0,
  rows_total bigint      NOT NULL,
  stage      text        NOT NULL DEFAULT '', -- the file of the archive that was finished last
  expires_at timestamptz                      -- when the file is removed; null while it is in the making
);
CREATE INDEX ON export_work (expires_at);
CREATE TABLE export_part (
  export_id text   NOT NULL REFERENCES export_work ON DELETE CASCADE,
  begin_at  bigint NOT NULL,
  bytes     bytea  NOT NULL,
  PRIMARY KEY (export_id, begin_at)
);
ALTER TABLE export_part ALTER COLUMN bytes SET STORAGE EXTERNAL; -- they are compressed
SELECT grant_app('export_work', 'SELECT, INSERT, UPDATE, DELETE');
SELECT grant_app('export_part', 'SELECT, INSERT, DELETE');

-- A file says what the ledger says: it shows itself to those alone who read
-- everything, and is written by the service itself.
ALTER TABLE export_work ENABLE ROW LEVEL SECURITY;
CREATE POLICY sees ON export_work FOR SELECT USING ((SELECT app_sees('{}')));
CREATE POLICY works ON export_work USING ((SELECT app_changes('{}'))) WITH CHECK ((SELECT app_changes('{}')));
ALTER TABLE export_part ENABLE ROW LEVEL SECURITY;
CREATE POLICY sees ON export_part FOR SELECT USING ((SELECT app_sees('{}')));
CREATE POLICY works ON export_part USING ((SELECT app_changes('{}'))) WITH CHECK ((SELECT app_changes('{}')));
