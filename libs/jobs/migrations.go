package jobs

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync"

	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"egov/libs/pg"
)

// Migrations is river's own schema in the form of the others, and what the
// service's role may do with it. Which versions were applied stands in
// river_version; river's own table of them is left out, as river foresees.
func Migrations() pg.Set { return pg.Set{Name: "river", FS: riverFS()} }

// grants are repeated after every migration, since any may bring a table. What
// only an owner needs, such as TRUNCATE or REINDEX, is not given.
const grants = `
DO $grants$
DECLARE r text;
BEGIN
  FOR r IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
    AND c.relname IN ('river_job', 'river_leader', 'river_queue', 'river_notification')
  LOOP
    PERFORM grant_app(r, 'SELECT, INSERT, UPDATE, DELETE');
  END LOOP;
  FOR r IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'S'
    AND c.relname IN ('river_job_id_seq', 'river_notification_id_seq')
  LOOP
    EXECUTE format('GRANT USAGE ON SEQUENCE %I TO %I', r, current_setting('app.role'));
  END LOOP;
END $grants$;
`

// riverFS writes river's migrations as files that goose reads.
var riverFS = sync.OnceValue(func() fs.FS {
	m, err := rivermigrate.New(riverpgxv5.New(nil), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err) // unreachable: the driver's own line of migrations exists
	}
	var files bytes.Buffer
	w := zip.NewWriter(&files)
	for _, v := range m.AllVersions() {
		if v.Version == 1 {
			continue // creates the table of versions
		}
		up := strings.ReplaceAll(v.SQLUp, "/* TEMPLATE: schema */", "")
		write(w, fmt.Sprintf("%05d_river.sql", v.Version), "-- +goose Up\n-- +goose StatementBegin\n"+up+"\n"+grants+"-- +goose StatementEnd\n")
	}
	must(w.Close())
	r, err := zip.NewReader(bytes.NewReader(files.Bytes()), int64(files.Len()))
	must(err)
	return r
})

func write(w *zip.Writer, name, text string) {
	f, err := w.Create(name)
	must(err)
	_, err = f.Write([]byte(text))
	must(err)
}

// must holds for an archive in memory, which cannot fail to be written.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
