package ledgerbench

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"egov/libs/authn"
	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/auditexport"
	"egov/services/auditexport/pgstore"
	"egov/services/auditexport/search"
)

// Searches is a large ledger that is searched, prepared by OpenSearches.
type Searches struct {
	o       SearchOptions
	pool    *pgxpool.Pool
	owner   *pgxpool.Pool
	book    *pgstore.Book
	archive *archive
}

// SearchOptions say where to measure, and in how large a ledger.
type SearchOptions struct {
	OwnerURL string // owner of a database that is empty or was prepared before
	AppURL   string // the service's role in it
	AppRole  string // its name
	Rows     int    // of the ledger; 0 = 1,000,000
	Rounds   int    // of each side; 0 = 5
	Queries  int    // in a round; 0 = 40, fewer of a ledger of millions: by hand some take seconds
	Notes    io.Writer
}

// OpenSearches prepares the database: its first use fills it, which takes about
// half a minute for a million rows. Close the Searches when done.
func OpenSearches(ctx context.Context, o SearchOptions) (*Searches, error) {
	o.Rows = cmp.Or(o.Rows, 1_000_000)
	o.Rounds = cmp.Or(o.Rounds, 5)
	o.Queries = cmp.Or(o.Queries, min(40, max(10, 40_000_000/o.Rows)))
	if o.Notes == nil {
		o.Notes = io.Discard
	}
	if err := pg.Migrate(ctx, o.OwnerURL, o.AppRole, 10*time.Second, store.Migrations(), pgstore.Migrations()); err != nil {
		return nil, err
	}
	s := &Searches{o: o}
	var err error
	const hour = time.Hour // building indexes of a large ledger
	if s.owner, err = pg.Open(ctx, o.OwnerURL, "ledgerbench", pg.PoolOptions{StatementTimeout: hour, LockTimeout: hour}); err != nil {
		return nil, err
	}
	if s.pool, err = pg.Open(ctx, o.AppURL, "ledgerbench", pg.PoolOptions{}); err != nil {
		s.owner.Close()
		return nil, err
	}
	s.book = pgstore.NewBook(s.pool, origin, self)
	s.archive = newArchive(o.Rows)
	if err := s.fill(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close releases the connections. The server is the caller's.
func (s *Searches) Close() {
	s.pool.Close()
	s.owner.Close()
}

// fill makes the ledger, unless a run before has.
func (s *Searches) fill(ctx context.Context) error {
	if _, err := s.owner.Exec(ctx, "CREATE TABLE IF NOT EXISTS filled (rows int PRIMARY KEY)"); err != nil {
		return err
	}
	var filled bool
	if err := s.owner.QueryRow(ctx, "SELECT EXISTS (SELECT FROM filled WHERE rows = $1)", s.o.Rows).Scan(&filled); err != nil || filled {
		return err
	}
	conn, err := s.owner.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	step := func(name string, f func() error) error {
		began := time.Now()
		err := f()
		_, _ = fmt.Fprintf(s.o.Notes, "%d rows: %s took %.0f s\n", s.o.Rows, name, time.Since(began).Seconds()) // for whoever watches
		return err
	}
	if err := step("loading", func() error { return s.archive.load(ctx, conn.Conn()) }); err != nil {
		return err
	}
	if err := step("the search projection", func() error {
		_, err := s.book.Index(ctx)
		return err
	}); err != nil {
		return err
	}
	return step("gathering statistics", func() error {
		for _, sql := range []string{
			"VACUUM ANALYZE ledger_line", "ANALYZE ledger_row", "VACUUM ANALYZE ledger_block", "VACUUM ANALYZE ledger_term",
			"VACUUM ANALYZE plain_words", "VACUUM ANALYZE plain_amount", "VACUUM ANALYZE plain_provision",
		} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return err
			}
		}
		_, err := conn.Exec(ctx, "INSERT INTO filled VALUES ($1)", s.o.Rows)
		return err
	})
}

// rowsPerPage is what an auditor's page has.
const rowsPerPage = 200

// question is one search, and the same by hand.
type question struct {
	filter auditexport.Filter
	where  string // of SQL over ledger_line l and the plain tables
	args   []any
}

const byHand = "SELECT l.seq, l.raw, l.sha256, l.sm3, l.chain FROM "

// Measures lists what this package measures, in pages of 200 rows a second.
//
// Ours is the book's answer: rows found by its indexes or the search projection
// under row-level security, read, held to the question, their hashes and chain
// values checked. By hand is SQL over the same rows by somebody who made the
// best index for each kind of question beforehand, reads as the tables' owner
// and checks nothing. One index that gives the page at once is hard to beat:
// checking 200 rows alone costs several times as much as finding them so. There
// the floor says what checking may cost. Where SQL has to combine or sort, the
// projection has to be faster than it.
func (s *Searches) Measures() []Measure {
	const unit = "pages/s"
	return []Measure{
		{"search_project", unit, 0.1, 0.3, s.compare(s.byProject)},
		{"search_person", unit, 0.05, 0.2, s.compare(s.byPerson)},
		{"search_unit_time", unit, 0.3, 1, s.compare(s.byUnitAndTime)},
		{"search_provision", unit, 0.1, 0.5, s.compare(s.byProvision)},
		{"search_amount", unit, 1, 3, s.compare(s.byAmount)},
		{"search_text", unit, 2, 5, s.compare(s.byText)},
		{"search_mixed", unit, 2, 10, s.compare(s.byAll)},
	}
}

// compare asks the same questions on both sides. They go first in turn, from
// question to question: in a ledger that is larger than the memory, whoever does
// reads for the other.
func (s *Searches) compare(ask func(*rand.Rand) question) func(context.Context) (float64, float64, error) {
	return func(ctx context.Context) (ours, reference float64, err error) {
		ctx = authn.With(ctx, authn.Principal{Subject: "bench", Unit: auditexport.Bureau, Roles: []string{"auditor"}})
		var rates [2][]float64
		var times [2][]time.Duration
		for round := range s.o.Rounds {
			random := rand.New(rand.NewPCG(7, uint64(round)))
			questions := make([]question, s.o.Queries)
			for i := range questions {
				questions[i] = ask(random)
				questions[i].filter.Limit = rowsPerPage
			}
			var spent [2]time.Duration
			for i, q := range questions {
				var found [2]int
				for turn := range 2 {
					side := (round + i + turn) % 2
					began := time.Now()
					if found[side], err = []func(context.Context, question) (int, error){s.find, s.hand}[side](ctx, q); err != nil {
						return 0, 0, err
					}
					took := time.Since(began)
					times[side] = append(times[side], took)
					spent[side] += took
				}
				if found[0] != found[1] {
					return 0, 0, fmt.Errorf("the book finds %d rows, SQL by hand %d", found[0], found[1])
				}
			}
			for side := range rates {
				rates[side] = append(rates[side], float64(len(questions))/spent[side].Seconds())
			}
		}
		for side, name := range []string{"ours", "by hand"} {
			slices.Sort(times[side])
			n := len(times[side])
			_, _ = fmt.Fprintf(s.o.Notes, "  %-8s p50 %7.2f ms  p95 %7.2f ms  worst %7.2f ms\n", name, ms(times[side][n/2]), ms(times[side][n*95/100]), ms(times[side][n-1]))
		}
		return median(rates[0]), median(rates[1]), nil
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (s *Searches) find(ctx context.Context, q question) (int, error) {
	found, err := s.book.Find(ctx, q.filter)
	return len(found.Rows), err
}

func (s *Searches) hand(ctx context.Context, q question) (int, error) {
	rows, err := s.owner.Query(ctx, byHand+q.where+" ORDER BY l.seq LIMIT 200", q.args...)
	if err != nil {
		return 0, err
	}
	n := 0
	for rows.Next() {
		for _, b := range rows.RawValues() {
			n += min(1, len(b))
		}
	}
	return n / 5, rows.Err()
}

func (s *Searches) byProject(r *rand.Rand) question {
	id := s.archive.projects[r.IntN(len(s.archive.projects))].id
	return question{auditexport.Filter{Project: id}, "ledger_line l WHERE subject = $1", []any{id}}
}

func (s *Searches) byPerson(r *rand.Rand) question {
	who := personName(r.IntN(2000))
	return question{auditexport.Filter{Actor: who}, "ledger_line l WHERE actor = $1", []any{who}}
}

// days draws some days in a row.
func (s *Searches) days(r *rand.Rand, most int) (from, to time.Time) {
	from = time.Date(2021, 10, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(1300))
	return from, from.AddDate(0, 0, 1+r.IntN(most))
}

func (s *Searches) byUnitAndTime(r *rand.Rand) question {
	unit := unitName(r.IntN(60))
	from, to := s.days(r, 30)
	return question{auditexport.Filter{Unit: unit, From: from, To: to}, "ledger_line l WHERE unit = $1 AND at >= $2 AND at < $3", []any{unit, from, to}}
}

func (s *Searches) byProvision(r *rand.Rand) question {
	id := articles[r.IntN(len(articles))]
	return question{
		auditexport.Filter{Provision: id}, "ledger_line l JOIN plain_provision p USING (seq) WHERE p.provision = $1", []any{id},
	}
}

// byAmount asks for a narrow range or a wide one.
func (s *Searches) byAmount(r *rand.Rand) question {
	from := 100 * int64(10_000+r.IntN(5_000_000))
	to := from + from/1000
	if r.IntN(2) == 0 {
		to = 4 * from
	}
	return question{
		auditexport.Filter{Amounts: &search.Amounts{From: from, To: to}}, "ledger_line l WHERE seq IN (SELECT seq FROM plain_amount WHERE fen BETWEEN $1 AND $2)", []any{from, to},
	}
}

// word draws what people look for: common words of two to four characters, some
// together, a rare one, and one that is nowhere.
func (s *Searches) word(r *rand.Rand) string {
	switch r.IntN(6) {
	case 0:
		return rareWord
	case 1:
		return "量子通信"
	case 2:
		return "校园"
	case 3:
		return places[r.IntN(len(places))] + " " + themes[r.IntN(len(themes))]
	case 4:
		return suppliers[r.IntN(len(suppliers))]
	default:
		return themes[r.IntN(len(themes))] + works[r.IntN(len(works))]
	}
}

// textSQL finds a text as SQL does: its pairs by a GIN index, then the words
// themselves in the event.
func textSQL(words []string, first int) (where string, args []any) {
	where = fmt.Sprintf("w.pairs @> $%d", first)
	args = []any{search.Pairs(words)}
	for _, w := range words {
		args = append(args, w)
		where += fmt.Sprintf(" AND position($%d in convert_from(l.raw, 'UTF8')) > 0", first+len(args)-1)
	}
	return where, args
}

func (s *Searches) byText(r *rand.Rand) question {
	words, _ := search.Words(s.word(r))
	where, args := textSQL(words, 1)
	return question{auditexport.Filter{Words: words}, "ledger_line l JOIN plain_words w USING (seq) WHERE " + where, args}
}

func (s *Searches) byAll(r *rand.Rand) question {
	unit, least := unitName(r.IntN(20)), 100*int64(10_000+r.IntN(500_000))
	from, to := s.days(r, 365)
	words, _ := search.Words(s.word(r))
	where, args := textSQL(words, 5)
	return question{
		auditexport.Filter{Unit: unit, From: from, To: to, Amounts: &search.Amounts{From: least, To: 1 << 50}, Words: words},
		"ledger_line l JOIN plain_words w USING (seq) WHERE l.unit = $1 AND l.at >= $2 AND l.at < $3 AND EXISTS (SELECT FROM plain_amount a WHERE a.seq = l.seq AND a.fen >= $4) AND " + where,
		append([]any{unit, from, to, least}, args...),
	}
}
