-- +goose Up
SELECT create_aggregate('sharing');
ALTER TABLE sharing
  ADD COLUMN state    text GENERATED ALWAYS AS (body->>'state') STORED,
  ADD COLUMN provider text GENERATED ALWAYS AS (body->>'provider') STORED;
CREATE INDEX ON sharing (state, created_at DESC);
CREATE INDEX ON sharing (provider, created_at DESC);

SELECT create_aggregate('standing');

SELECT create_aggregate('correction');
ALTER TABLE correction ADD COLUMN state text GENERATED ALWAYS AS (body->>'state') STORED;
CREATE INDEX ON correction (state, created_at DESC);

-- What is published, item by item, for every unit to see (SH16-D-21).
CREATE TABLE listed_item (
  catalogue_id  text   NOT NULL,
  position      bigint NOT NULL,
  unit          text   NOT NULL,
  system        text   NOT NULL,
  base_register text   NOT NULL,
  resource      text   NOT NULL,
  table_name    text   NOT NULL,
  field         text   NOT NULL,
  type          text   NOT NULL,
  share_class   text   NOT NULL,
  legal_basis   text   NOT NULL,
  frequency     text   NOT NULL,
  sensitivity   text   NOT NULL,
  PRIMARY KEY (catalogue_id, position)
);
CREATE INDEX ON listed_item ((base_register = ''), catalogue_id, position);
SELECT grant_app('listed_item', 'SELECT, INSERT, DELETE');

-- What was published before.
INSERT INTO listed_item (catalogue_id, position, unit, system, base_register, resource, table_name, field, type, share_class, legal_basis, frequency, sensitivity)
SELECT c.id, n, c.unit, c.body->>'system', '', i->>'resource', i->>'table', i->>'field', i->>'type', i->>'share_class', coalesce(i->>'legal_basis', ''), i->>'frequency', ''
  FROM catalogue c, jsonb_array_elements(c.body->'items') WITH ORDINALITY AS t(i, n)
 WHERE c.state = 'published';
