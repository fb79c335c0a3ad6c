package pgstore

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"egov/libs/calendar"
	"egov/libs/document"
	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/store"
	"egov/services/auditexport/auditcase"
	"egov/services/auditexport/redflag"
)

// Flags is the repository of red flags.
func Flags(s *store.Store) *store.Collection[redflag.Flag, *redflag.Flag] {
	return store.NewCollection[redflag.Flag, *redflag.Flag](s, "red_flag")
}

// Cases is the repository of audit cases.
func Cases(s *store.Store) *store.Collection[auditcase.Case, *auditcase.Case] {
	return store.NewCollection[auditcase.Case, *auditcase.Case](s, "audit_case", "state", "audited_unit", "serious")
}

// Suspicions is what the watch for red flags knows, beside the ledger it reads.
// It is a redflag.Store and a redflag.Reader.
type Suspicions struct {
	s     *store.Store
	flags *store.Collection[redflag.Flag, *redflag.Flag]
}

var (
	_ redflag.Store  = (*Suspicions)(nil)
	_ redflag.Reader = (*Suspicions)(nil)
)

// NewSuspicions opens it over the repository of flags.
func NewSuspicions(s *store.Store, flags *store.Collection[redflag.Flag, *redflag.Flag]) *Suspicions {
	return &Suspicions{s, flags}
}

// InTx runs f in one transaction.
func (x *Suspicions) InTx(ctx context.Context, f func(context.Context) error) error {
	return x.s.InTx(ctx, f)
}

// scanIf reads one row, where there is one.
func scanIf(ok *bool, into ...any) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		err := scan(into...)(rows)
		*ok = err == nil
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	}
}

// flagLock is the advisory lock of the one process that looks for flags. Unlike
// that of a row it gives the transaction no number, so that relays pass it by.
const flagLock = 0x666c6167

// Cursor reads the cursor, unless another process looks for flags.
func (x *Suspicions) Cursor(ctx context.Context) (c redflag.Cursor, ok bool, err error) {
	err = x.s.Read(ctx, scanIf(&ok, &c.Seq, &c.Rules), "SELECT seq, rules FROM flag_cursor WHERE pg_try_advisory_xact_lock($1)", flagLock)
	return c, ok, err
}

// Claim locks the cursor where it is, unless another process has it: one that
// knows nothing of the advisory lock.
func (x *Suspicions) Claim(ctx context.Context, c redflag.Cursor) (ok bool, err error) {
	err = x.s.Read(ctx, scanIf(&ok), "SELECT FROM flag_cursor WHERE seq = $1 AND rules = $2 FOR UPDATE SKIP LOCKED", c.Seq, c.Rules)
	return ok, err
}

// Behind is how many rows, and units besides, were not looked at yet.
func (x *Suspicions) Behind(ctx context.Context) (n int64, err error) {
	err = x.s.Read(ctx, scan(&n), "SELECT coalesce(max(r.seq), 0) - (SELECT seq FROM flag_cursor) + (SELECT count(*) FROM flag_unit_touched) FROM ledger_row r")
	return n, err
}

// Move stores the cursor.
func (x *Suspicions) Move(ctx context.Context, to redflag.Cursor) error {
	return x.s.Exec(ctx, "UPDATE flag_cursor SET seq = $1, rules = $2", to.Seq, to.Rules)
}

// Facts reads what detectors look at. The numbers of rows have no gaps and
// become visible in their order, so that none is passed over.
func (x *Suspicions) Facts(ctx context.Context, after int64, maxRows int) (facts []redflag.Fact, last int64, more bool, err error) {
	var end int64
	if err := x.s.Read(ctx, scan(&end), "SELECT coalesce(max(seq), 0) FROM ledger_row"); err != nil {
		return nil, 0, false, err
	}
	last = min(end, after+int64(maxRows))
	if last <= after {
		return nil, after, false, nil
	}
	err = x.s.Read(ctx, func(rows pgx.Rows) error {
		var row ledger.Row
		for rows.Next() {
			var seq int64
			if err := rows.Scan(&seq, &row.Raw); err != nil {
				return err
			}
			row.Seq = uint64(seq)
			if f, ok := redflag.Read(&row); ok {
				facts = append(facts, f)
			}
		}
		return rows.Err()
	}, "SELECT seq, raw FROM ledger_row WHERE seq > $1 AND seq <= $2 AND type = ANY ($3) ORDER BY seq", after, last, redflag.Types())
	return facts, last, last < end, err
}

// Files reads the files of projects; one without is left out.
func (x *Suspicions) Files(ctx context.Context, projects []string) (map[string]*redflag.File, error) {
	files := map[string]*redflag.File{}
	err := x.s.Read(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			var body []byte
			if err := rows.Scan(&body); err != nil {
				return err
			}
			f, err := redflag.DecodeFile(body)
			if err != nil {
				return err
			}
			files[f.Project] = &f
		}
		return rows.Err()
	}, "SELECT body FROM flag_file WHERE project = ANY ($1)", projects)
	return files, err
}

// keptRow is a file on its way into its table.
type keptRow struct {
	Project  string          `json:"project"`
	Unit     *string         `json:"unit"`
	Agencies []string        `json:"agencies"`
	Sketch   *redflag.Sketch `json:"sketch"`
	Body     json.RawMessage `json:"body"`
	LookOn   *string         `json:"look_on"`
}

// Keep stores files, in one statement.
func (x *Suspicions) Keep(ctx context.Context, files []redflag.Kept) error {
	rows := make([]keptRow, len(files))
	for i, k := range files {
		body, err := k.Encode()
		if err != nil {
			return err
		}
		r := keptRow{Project: k.Project, Agencies: []string{}, Body: body}
		if k.Sketch != nil {
			r.Unit, r.Sketch, r.Agencies = &k.Sketch.Unit, k.Sketch, append(r.Agencies, k.Sketch.Agencies...)
		}
		if !k.Again.IsZero() {
			day := k.Again.String()
			r.LookOn = &day
		}
		rows[i] = r
	}
	all, err := document.Write(rows)
	if err != nil {
		return err
	}
	return x.s.Exec(ctx, `INSERT INTO flag_file (project, unit, agencies, sketch, body, look_on)
		SELECT project, unit, agencies, nullif(sketch, 'null'), body, look_on
		  FROM jsonb_to_recordset($1::jsonb) AS x(project text, unit text, agencies text[], sketch jsonb, body jsonb, look_on date)
		ON CONFLICT (project) DO UPDATE SET unit = excluded.unit, agencies = excluded.agencies, sketch = excluded.sketch, body = excluded.body, look_on = excluded.look_on`, all)
}

// texts reads one column of texts.
func (x *Suspicions) texts(ctx context.Context, sql string, args ...any) (list []string, err error) {
	err = x.s.Read(ctx, func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}, sql, args...)
	return list, err
}

// Due lists projects whose day has come.
func (x *Suspicions) Due(ctx context.Context, today calendar.Date, limit int) ([]string, error) {
	return x.texts(ctx, "SELECT project FROM flag_file WHERE look_on <= $1::text::date ORDER BY look_on, project LIMIT $2", today.String(), limit)
}

// LookAgain makes every project due.
func (x *Suspicions) LookAgain(ctx context.Context) error {
	return x.s.Exec(ctx, "UPDATE flag_file SET look_on = '0001-01-01' WHERE sketch IS NOT NULL")
}

// Sketches reads the projects of a unit.
func (x *Suspicions) Sketches(ctx context.Context, unit string) (list []redflag.Sketch, err error) {
	err = x.s.Read(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			var body []byte
			if err := rows.Scan(&body); err != nil {
				return err
			}
			var s redflag.Sketch
			if err := document.Read(body, &s); err != nil {
				return err
			}
			list = append(list, s)
		}
		return rows.Err()
	}, "SELECT sketch FROM flag_file WHERE unit = $1 AND sketch IS NOT NULL", unit)
	return list, err
}

// Touch marks units.
func (x *Suspicions) Touch(ctx context.Context, units map[string]int64) error {
	names, seqs := make([]string, 0, len(units)), make([]int64, 0, len(units))
	for _, unit := range slices.Sorted(maps.Keys(units)) {
		names, seqs = append(names, unit), append(seqs, units[unit])
	}
	return x.s.Exec(ctx, `INSERT INTO flag_unit_touched AS t (unit, seq) SELECT * FROM unnest($1::text[], $2::bigint[])
		ON CONFLICT (unit) DO UPDATE SET seq = greatest(t.seq, excluded.seq)`, names, seqs)
}

// Touched is the unit that was marked with the lowest row.
func (x *Suspicions) Touched(ctx context.Context) (unit string, after int64, ok bool, err error) {
	err = x.s.Read(ctx, scanIf(&ok, &unit, &after), "SELECT unit, seq FROM flag_unit_touched ORDER BY seq, unit LIMIT 1")
	return unit, after, ok, err
}

// Passed takes a unit's mark away.
func (x *Suspicions) Passed(ctx context.Context, unit string) error {
	return x.s.Exec(ctx, "DELETE FROM flag_unit_touched WHERE unit = $1", unit)
}

// KeepName stores a unit's name, unless a later one is known.
func (x *Suspicions) KeepName(ctx context.Context, unit, name string, eventSeq int64) error {
	return x.s.Exec(ctx, `INSERT INTO flag_unit_name AS n (unit, name, event_seq) VALUES ($1, $2, $3)
		ON CONFLICT (unit) DO UPDATE SET name = excluded.name, event_seq = excluded.event_seq WHERE n.event_seq < excluded.event_seq`, unit, name, eventSeq)
}

// Names reads the names of all units.
func (x *Suspicions) Names(ctx context.Context) (map[string]string, error) {
	names := map[string]string{}
	err := x.s.Read(ctx, func(rows pgx.Rows) error {
		var unit, name string
		_, err := pgx.ForEachRow(rows, []any{&unit, &name}, func() error { names[unit] = name; return nil })
		return err
	}, "SELECT unit, name FROM flag_unit_name")
	return names, err
}

// EvaluatedBy lists the projects that a unit evaluated.
func (x *Suspicions) EvaluatedBy(ctx context.Context, unit string) ([]string, error) {
	return x.texts(ctx, "SELECT project FROM flag_file WHERE agencies @> ARRAY[$1::text] ORDER BY project", unit)
}

// Standing lists the flags of scopes.
func (x *Suspicions) Standing(ctx context.Context, scopes []string) ([]redflag.Flag, error) {
	return x.read(ctx, "SELECT body FROM red_flag WHERE scope = ANY ($1) ORDER BY id", scopes)
}

func (x *Suspicions) read(ctx context.Context, sql string, args ...any) (list []redflag.Flag, err error) {
	list = []redflag.Flag{}
	err = x.s.Read(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			var body []byte
			if err := rows.Scan(&body); err != nil {
				return err
			}
			var f redflag.Flag
			if err := document.Read(body, &f); err != nil {
				return err
			}
			list = append(list, f)
		}
		return rows.Err()
	}, sql, args...)
	return list, err
}

// Get reads one flag.
func (x *Suspicions) Get(ctx context.Context, id string) (redflag.Flag, error) {
	return x.flags.Get(ctx, id)
}

var errFlagPage = fault.New(fault.Invalid, "bad_page_token", "分页标记无效", "the page token is not one of this list")

// Find answers a query, newest first. A flag keeps its place while others come
// and go, so pages neither repeat nor leave out one that was there.
func (x *Suspicions) Find(ctx context.Context, q redflag.Query) (p redflag.Page, err error) {
	conditions, args := []string{"true"}, []any{}
	add := func(clause string, v any) {
		args = append(args, v)
		conditions = append(conditions, fmt.Sprintf(clause, len(args)))
	}
	for _, f := range []struct{ column, value string }{{"code", q.Code}, {"audited_unit", q.Unit}, {"severity", q.Severity}, {"state", q.State}} {
		if f.value != "" {
			add(f.column+" = $%d", f.value)
		}
	}
	if q.Project != "" {
		add("body->'projects' ? $%d", q.Project)
	}
	from, to := q.Span()
	if !from.IsZero() {
		add("created_at >= $%d", from.Start())
	}
	if !to.IsZero() {
		add("created_at < $%d", to.AddDays(1).Start())
	}
	if q.PageToken != "" {
		at, id, err := readPlace(q.PageToken)
		if err != nil {
			return p, err
		}
		add("(created_at, id) < ($%d", at)
		args = append(args, id)
		conditions[len(conditions)-1] += fmt.Sprintf(", $%d)", len(args))
	}
	limit := q.Limit()
	p.Items, err = x.read(ctx, "SELECT body FROM red_flag WHERE "+strings.Join(conditions, " AND ")+" ORDER BY created_at DESC, id DESC LIMIT "+strconv.Itoa(limit+1), args...)
	if len(p.Items) > limit {
		p.Items = p.Items[:limit]
		p.NextPageToken = place(p.Items[limit-1].CreatedAt, p.Items[limit-1].ID)
	}
	return p, err
}

// place is where a page ends, readPlace reads it.
func place(at time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at.UnixMicro(), 10) + " " + id))
}

func readPlace(token string) (at time.Time, id string, err error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	micros, id, found := strings.Cut(string(b), " ")
	n, notNumber := strconv.ParseInt(micros, 10, 64)
	if err := errors.Join(err, notNumber); err != nil || !found {
		return at, "", errFlagPage.With(err)
	}
	return time.UnixMicro(n), id, nil
}
