-- What one service needs of PostgreSQL. Run as a superuser:
--   psql -v service=declaration -v password=… -v owner_password=… -f roles.sql
-- The owner runs the migrations; the service's role owns nothing, passes no
-- row-level security by, and gets exactly what the migrations grant it.
\set ON_ERROR_STOP on
\set owner :service _owner

CREATE ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE :"service" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"owner";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"service" TO :"service";
-- The server's own databases are nobody's place to meet, or to leave things.
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
\connect :service
ALTER SCHEMA public OWNER TO :"owner";
-- Large objects stand beside all tables and their rights: nobody makes any.
REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;
