-- +goose Up
-- Producer. The next number of every subject; the row lock orders its writers.
CREATE TABLE event_counter (
  subject text PRIMARY KEY,
  seq     bigint NOT NULL
) WITH (fillfactor = 50);
SELECT grant_app('event_counter', 'SELECT, INSERT, UPDATE');

-- The outbox is append-only. (txid, id) behind a snapshot's xmin is commit-safe
-- order; a serial id alone is not.
CREATE TABLE event_outbox (
  txid        xid8        NOT NULL DEFAULT pg_current_xact_id(),
  id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id    uuid        NOT NULL,
  type        text        NOT NULL,
  subject     text        NOT NULL,
  seq         bigint      NOT NULL CHECK (seq > 0),
  time        timestamptz NOT NULL,
  unit        text        NOT NULL,
  actor       text        NOT NULL,
  traceparent text        NOT NULL,
  data        text        NOT NULL,
  PRIMARY KEY (txid, id, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX ON event_outbox (subject, seq);
CREATE INDEX ON event_outbox USING brin (recorded_at) WITH (pages_per_range = 16);
SELECT grant_app('event_outbox', 'SELECT, INSERT');

-- Which database, in which of its lives, the stream's ids come from. floor is
-- the stream id up to which every consumer group is known to be done.
CREATE TABLE event_origin (
  only_row          boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
  system_identifier bigint      NOT NULL,
  timeline          int         NOT NULL,
  epoch             int         NOT NULL CHECK (epoch BETWEEN 1 AND 65535),
  floor             text        NOT NULL DEFAULT '0-0',
  closed_until      timestamptz NOT NULL DEFAULT '-infinity'
);
SELECT grant_app('event_origin', 'SELECT');
SELECT grant_app('event_origin', 'UPDATE (floor, closed_until)');

-- Count and digest of each closed window of the outbox.
CREATE TABLE event_window (
  starts_at timestamptz PRIMARY KEY,
  ends_at   timestamptz NOT NULL,
  rows      bigint      NOT NULL,
  digest    bigint      NOT NULL
);
SELECT grant_app('event_window', 'SELECT, INSERT, DELETE');

-- Consumer. One row a subscription and source.
CREATE TABLE event_subscription (
  id            smallint    PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  consumer      text        NOT NULL,
  source        text        NOT NULL,
  reconciled_to timestamptz NOT NULL DEFAULT '-infinity',
  UNIQUE (consumer, source)
);
SELECT grant_app('event_subscription', 'SELECT, INSERT');
SELECT grant_app('event_subscription', 'UPDATE (reconciled_to)');

-- What was received: applied, held or dead-lettered. Partitioned by the
-- producer's time of recording, which a repeated delivery carries unchanged.
CREATE TABLE event_inbox (
  subscription smallint    NOT NULL,
  event_id     uuid        NOT NULL,
  recorded_at  timestamptz NOT NULL,
  PRIMARY KEY (subscription, recorded_at, event_id)
) PARTITION BY RANGE (recorded_at);
SELECT grant_app('event_inbox', 'SELECT, INSERT');

-- The last number of each subject whose effects are committed.
CREATE TABLE event_position (
  subscription smallint NOT NULL,
  subject      text     NOT NULL,
  seq          bigint   NOT NULL,
  PRIMARY KEY (subscription, subject)
) WITH (fillfactor = 50);
SELECT grant_app('event_position', 'SELECT, INSERT, UPDATE');

-- Received and not applied: early, waiting to be tried again, or dead. A row
-- without seq stands outside the order of its subject and blocks nothing.
-- next_at is set on rows that can be tried; a dead row has none.
CREATE TABLE event_held (
  id           bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  subscription smallint    NOT NULL,
  state        text        NOT NULL CHECK (state IN ('early', 'failed', 'dead')),
  stream_id    text        NOT NULL,
  event_id     text        NOT NULL,
  type         text        NOT NULL,
  subject      text        NOT NULL,
  seq          bigint,
  time         timestamptz NOT NULL,
  recorded_at  timestamptz NOT NULL,
  unit         text        NOT NULL,
  actor        text        NOT NULL,
  traceparent  text        NOT NULL,
  data         bytea       NOT NULL,
  attempts     int         NOT NULL DEFAULT 0,
  next_at      timestamptz,
  error        text        NOT NULL DEFAULT '',
  held_at      timestamptz NOT NULL DEFAULT now(),
  UNIQUE (subscription, subject, seq)
);
CREATE INDEX ON event_held (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX ON event_held (id) WHERE state = 'dead';
CREATE UNIQUE INDEX ON event_held (subscription, stream_id) WHERE seq IS NULL;
SELECT grant_app('event_held', 'SELECT, INSERT, UPDATE, DELETE');

-- Numbers a consumer went past because the producer no longer keeps them.
CREATE TABLE event_lost (
  subscription smallint    NOT NULL,
  subject      text        NOT NULL,
  from_seq     bigint      NOT NULL,
  to_seq       bigint      NOT NULL,
  reason       text        NOT NULL,
  noted_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subscription, subject, from_seq)
);
SELECT grant_app('event_lost', 'SELECT, INSERT');

-- How long each partitioned table keeps its days.
CREATE TABLE event_retention (
  relation text     PRIMARY KEY,
  keep     interval NOT NULL CHECK (keep >= interval '7 days')
);
INSERT INTO event_retention VALUES ('event_outbox', '7 days'), ('event_inbox', '30 days');
SELECT grant_app('event_retention', 'SELECT');

-- event_add_day makes the partition of one UTC day. It creates and attaches
-- in two steps, since an attachment does not shut writers out.
-- +goose StatementBegin
CREATE FUNCTION event_add_day(relation text, day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE part text := relation || '_' || to_char(day, 'YYYYMMDD');
BEGIN
  IF to_regclass('public.' || part) IS NOT NULL THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(hashtext('event_add_day'));
  IF to_regclass('public.' || part) IS NOT NULL THEN RETURN; END IF;
  EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, relation);
  EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
    relation, part, day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00');
END $$;

-- event_maintain makes the partitions of the days ahead and drops those past
-- their retention. A partition in use is left for the next call.
CREATE FUNCTION event_maintain() RETURNS int LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp SET lock_timeout = '200ms' AS $$
DECLARE
  today   date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
  kept    record;
  part    text;
  dropped int := 0;
BEGIN
  FOR kept IN SELECT relation, keep FROM event_retention LOOP
    FOR ahead IN -1..3 LOOP
      PERFORM event_add_day(kept.relation, today + ahead);
    END LOOP;
    FOR part IN
      SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = kept.relation::regclass
         AND to_date(right(c.relname, 8), 'YYYYMMDD') < today - kept.keep
    LOOP
      BEGIN
        EXECUTE format('DROP TABLE public.%I', part);
        dropped := dropped + 1;
      EXCEPTION WHEN lock_not_available THEN NULL;
      END;
    END LOOP;
  END LOOP;
  DELETE FROM event_window WHERE ends_at < clock_timestamp() - (SELECT keep FROM event_retention WHERE relation = 'event_outbox');
  RETURN dropped;
END $$;

-- event_inbox_day makes the inbox's partition of a day that is not there: a
-- consumer that was away for long receives old events.
CREATE FUNCTION event_inbox_day(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM event_add_day('event_inbox', day);
END $$;

-- event_claim_origin returns the epoch of stream ids. It rises when the
-- database is another one or in another life than at the last call (restored,
-- promoted), and then passes the epoch seen in the stream. Rows restored into
-- another cluster bear that one's transaction ids, so they get a new one here.
CREATE FUNCTION event_claim_origin(seen int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
DECLARE
  system bigint := (SELECT system_identifier FROM pg_control_system());
  life   int    := ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int;
  origin event_origin;
BEGIN
  SELECT * INTO origin FROM event_origin;
  IF FOUND AND origin.system_identifier = system AND origin.timeline = life THEN RETURN origin.epoch; END IF;
  PERFORM pg_advisory_xact_lock(hashtext('event_claim_origin'));
  SELECT * INTO origin FROM event_origin;
  IF FOUND AND origin.system_identifier = system AND origin.timeline = life THEN RETURN origin.epoch; END IF;
  IF FOUND AND origin.system_identifier <> system THEN
    LOCK TABLE event_outbox IN EXCLUSIVE MODE;
    UPDATE event_outbox SET txid = pg_current_xact_id();
  END IF;
  INSERT INTO event_origin (system_identifier, timeline, epoch)
  VALUES (system, life, greatest(coalesce(origin.epoch, 0), seen) + 1)
  ON CONFLICT (only_row) DO UPDATE SET
    system_identifier = excluded.system_identifier, timeline = excluded.timeline, epoch = excluded.epoch, floor = '0-0'
  RETURNING epoch INTO origin.epoch;
  RETURN origin.epoch;
END $$;

-- event_digest is 64 bits of an id; their exclusive or over a window does not
-- depend on order.
CREATE FUNCTION event_digest(id uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT ('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint $$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION event_add_day(text, date), event_maintain(), event_inbox_day(date), event_claim_origin(int) FROM PUBLIC;
-- +goose StatementBegin
DO $$
DECLARE app text := current_setting('app.role');
BEGIN
  EXECUTE format('GRANT EXECUTE ON FUNCTION event_maintain(), event_inbox_day(date), event_claim_origin(int) TO %I', app);
END $$;
-- +goose StatementEnd
SELECT event_maintain();
