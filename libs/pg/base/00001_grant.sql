-- +goose Up
-- grant_app gives the service's role, named by the migrating session, exactly
-- the privileges listed on one table.
-- +goose StatementBegin
CREATE FUNCTION grant_app(relation text, privileges text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('GRANT %s ON %I TO %I', privileges, relation, current_setting('app.role'));
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION grant_app(text, text) FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
