-- +goose Up
-- Documents are compressed by LZ4 where the server has it, which costs a tenth
-- of the time of its own method. Nothing depends on it.
-- +goose StatementBegin
DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I SET default_toast_compression = lz4', current_database());
EXCEPTION WHEN invalid_parameter_value OR insufficient_privilege THEN
  RAISE NOTICE 'documents are compressed by pglz: %', SQLERRM;
END $$;
-- +goose StatementEnd
