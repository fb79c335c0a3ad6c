-- +goose Up
-- Clocks that stand still, and the calendar each was counted by. Whether a
-- clock was warned of is its state.
DROP INDEX deadline_due_on_idx;
ALTER TABLE deadline DROP CONSTRAINT deadline_state_check;
UPDATE deadline SET state = 'warned' WHERE state = 'open' AND warned;
ALTER TABLE deadline
  DROP COLUMN warned,
  ADD COLUMN calendar     text NOT NULL DEFAULT '',
  ADD COLUMN paused_since date,
  ADD CONSTRAINT deadline_state_check CHECK (state IN ('open', 'warned', 'paused', 'met', 'late', 'waived')),
  ADD CONSTRAINT deadline_paused_check CHECK ((state = 'paused') = (paused_since IS NOT NULL));
CREATE INDEX deadline_running_idx ON deadline (due_on) WHERE state IN ('open', 'warned');

-- What was published about holidays, as every service counts by it. It is the
-- same for everybody: it has no parties.
CREATE TABLE holiday_override (
  id      text PRIMARY KEY,
  version bigint NOT NULL,
  body    jsonb NOT NULL
);
SELECT grant_app('holiday_override', 'SELECT, INSERT, UPDATE');
