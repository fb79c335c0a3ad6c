-- +goose Up
-- Facts of a few kilobytes, compressed, stay in their row, up to two rows a
-- page. Laid aside in pieces of 2 kB they cost the writer, the log and the relay
-- as many rows and index entries more.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION event_add_day(relation text, day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE part text := relation || '_' || to_char(day, 'YYYYMMDD');
BEGIN
  IF to_regclass('public.' || part) IS NOT NULL THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(hashtext('event_add_day'));
  IF to_regclass('public.' || part) IS NOT NULL THEN RETURN; END IF;
  EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) WITH (toast_tuple_target = 4080)', part, relation);
  EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
    relation, part, day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00');
END $$;

DO $$
DECLARE part regclass;
BEGIN
  FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'event_outbox'::regclass LOOP
    EXECUTE format('ALTER TABLE %s SET (toast_tuple_target = 4080)', part);
  END LOOP;
END $$;
-- +goose StatementEnd
