package writebench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"egov/libs/pg"
)

// statement is one statement that the server logged, with its parameters as
// text; a nil parameter is NULL.
type statement struct {
	session string
	sql     string
	params  []*string
}

// keyed says whether the n-th parameter, from 1, is the list of the caller's
// keys.
func (s statement) keyed(n int) bool { return n == 1 && strings.Contains(s.sql, "idempotency") }

// submission is one that was logged: the statements about the draft of that id.
type submission struct {
	id         string
	statements []statement
}

// logEntry is what is used of a line of PostgreSQL's JSON log.
type logEntry struct {
	Session string `json:"session_id"`
	User    string `json:"user"`
	Message string `json:"message"`
	Detail  string `json:"detail"`
}

// attempts bounds how often a submission is sent until one is seen whole: the
// server's processes hear of the new setting at moments of their own.
const attempts = 50

// learn logs one submission and makes a pgbench script of it.
func (b *Bench) learn(ctx context.Context) error {
	if err := b.logging(ctx, "all"); err != nil {
		return err
	}
	statements, err := b.watch(ctx)
	if err = errors.Join(err, b.logging(ctx, "none")); err != nil {
		return err
	}
	b.submission = submission{name(b.next - 1), statements}
	var text string
	text, b.documents = script(b.submission)
	b.script = filepath.Join(b.o.Dir, "submit.sql")
	return os.WriteFile(b.script, []byte(text), 0o600)
}

func (b *Bench) logging(ctx context.Context, what string) error {
	_, err := b.super.Exec(ctx, "ALTER SYSTEM SET log_statement = '"+what+"'")
	if err == nil {
		_, err = b.super.Exec(ctx, "SELECT pg_reload_conf()")
	}
	return err
}

// watch submits until the log shows a submission from its first statement to
// its last.
func (b *Bench) watch(ctx context.Context) ([]statement, error) {
	for range attempts {
		// What the service does by itself, without being asked.
		idle, err := b.logged(ctx, func() error {
			return pause(ctx, 150*time.Millisecond)
		})
		if err != nil {
			return nil, err
		}
		busy, err := b.logged(ctx, func() error {
			_, err := b.submit(ctx, b.servers[0], 1, 1, written)
			return err
		})
		if err != nil {
			return nil, err
		}
		if found := only(busy, idle); len(found) > 0 {
			return found, nil
		}
	}
	return nil, fmt.Errorf("the server's log shows none in %d attempts", attempts)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// logged gives the statements that the service's role sends while f runs, and
// shortly after.
func (b *Bench) logged(ctx context.Context, f func() error) ([]statement, error) {
	var from, to int64
	size := func(n *int64) error {
		return b.super.QueryRow(ctx, "SELECT size FROM pg_stat_file(pg_current_logfile('jsonlog'))").Scan(n)
	}
	if err := errors.Join(size(&from), f(), pause(ctx, 50*time.Millisecond), size(&to)); err != nil {
		return nil, err
	}
	var text string
	if err := b.super.QueryRow(ctx, "SELECT pg_read_file(pg_current_logfile('jsonlog'), $1, $2)", from, to-from).Scan(&text); err != nil {
		return nil, err
	}
	var out []statement
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e logEntry
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.User != b.o.AppRole {
			continue // a line cut at the edge of what was read, or somebody else's
		}
		if s, ok := parse(e); ok {
			out = append(out, s)
		}
	}
	return out, lines.Err()
}

// executed begins the message of a logged statement.
var executed = regexp.MustCompile(`^(?:statement|execute [^:]+): `)

func parse(e logEntry) (statement, bool) {
	at := executed.FindStringIndex(e.Message)
	if at == nil {
		return statement{}, false
	}
	s := statement{session: e.Session, sql: strings.TrimSpace(e.Message[at[1]:])}
	if _, list, ok := strings.Cut(e.Detail, "arameters: "); ok {
		s.params = parameters(list)
	}
	return s, true
}

// parameters reads `$1 = 'it”s', $2 = NULL`.
func parameters(list string) (out []*string) {
	for list != "" {
		_, rest, ok := strings.Cut(list, " = ")
		if !ok {
			return out
		}
		if after, null := strings.CutPrefix(rest, "NULL"); null {
			out = append(out, nil)
			list = after
			continue
		}
		var value strings.Builder
		i := 1 // behind the opening quote
		for ; i < len(rest); i++ {
			if rest[i] == '\'' {
				if i+1 == len(rest) || rest[i+1] != '\'' {
					break
				}
				i++
			}
			value.WriteByte(rest[i])
		}
		text := value.String()
		out = append(out, &text)
		list = rest[min(i+1, len(rest)):]
	}
	return out
}

// elsewhere names what only the service's consumers and its durable jobs touch:
// a job begins when its time has come, also while a submission is watched.
var elsewhere = regexp.MustCompile(`\b(event_(inbox|position|held)|river_\w+|job_input)\b`)

// only takes out of what happened during a submission what the service did by
// itself: transactions that it runs anyway, and those of its consumers and jobs. The
// last transaction is the one that changes the project; the answer is nothing
// when that was not seen whole.
func only(busy, idle []statement) []statement {
	usual := map[string]bool{}
	for _, s := range idle {
		usual[s.sql] = true
	}
	var found []statement
	for _, t := range transactions(busy) {
		has := func(f func(statement) bool) bool { return slices.ContainsFunc(t, f) }
		if has(func(s statement) bool { return elsewhere.MatchString(s.sql) }) || !has(func(s statement) bool { return !isFrame(s.sql) && !usual[s.sql] }) {
			continue
		}
		found = append(found, t...)
		if has(func(s statement) bool { return strings.HasPrefix(s.sql, `UPDATE "project"`) }) {
			if word(t[0].sql) == "BEGIN" && word(t[len(t)-1].sql) == "COMMIT" {
				return found
			}
			return nil
		}
	}
	return nil
}

// word is the first word of a statement, in capitals.
func word(sql string) string {
	first, _, _ := strings.Cut(strings.ToUpper(sql), " ")
	return strings.TrimRight(first, ";")
}

func isFrame(sql string) bool {
	w := word(sql)
	return w == "BEGIN" || w == "COMMIT" || w == "ROLLBACK"
}

// transactions divides statements by session and transaction, in the order in
// which transactions began.
func transactions(all []statement) (out [][]statement) {
	open := map[string]int{} // session → its transaction
	for _, s := range all {
		at, inside := open[s.session]
		if !inside {
			at = len(out)
			out = append(out, nil)
			if word(s.sql) == "BEGIN" {
				open[s.session] = at
			}
		}
		out[at] = append(out[at], s)
		if isFrame(s.sql) && word(s.sql) != "BEGIN" {
			delete(open, s.session)
		}
	}
	return out
}

var (
	placeholder = regexp.MustCompile(`\$(\d+)`)
	aUUID       = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// maxName is the length up to which a text that holds the project's id is made
// to hold that of the row at hand. Longer ones are documents, whose content
// nothing looks at: they are sent as they are, as parameters of the statement.
const maxName = 200

// script writes the statements for pgbench: about the next draft and under
// another key each time, all else as it was. A draft is submitted once, as by
// the service: submitted again it would stay in its indexes where it is. The documents are the values of
// the variables d0, d1, ….
func script(of submission) (text string, documents []string) {
	var b strings.Builder
	// Each connection takes every few-th draft, beginning with its own number.
	fmt.Fprintf(&b, "\\set i :i + 1\n\\set n :first + :i * %d + :client_id\n\\set k random(1, 9000000000000000000)\n", few)
	for _, s := range of.statements {
		b.WriteString(placeholder.ReplaceAllStringFunc(s.sql, func(ph string) string {
			n, err := strconv.Atoi(ph[1:])
			if err != nil || n < 1 || n > len(s.params) {
				return ph
			}
			p := s.params[n-1]
			switch {
			case s.keyed(n):
				return "ARRAY[sha256(('k' || :k::text)::bytea)]"
			case p == nil:
				return "NULL"
			case len(*p) > maxName:
				at := slices.Index(documents, *p)
				if at < 0 {
					at = len(documents)
					documents = append(documents, *p)
				}
				return ":d" + strconv.Itoa(at)
			}
			return value(*p, of.id)
		}))
		b.WriteString(";\n")
	}
	return b.String(), documents
}

func value(text, id string) string {
	switch {
	case aUUID.MatchString(text):
		return "gen_random_uuid()"
	case strings.Contains(text, id):
		parts := strings.Split(text, id)
		for i := range parts {
			parts[i] = literal(parts[i])
		}
		made := "(" + strings.Join(parts, " || "+literal(namePrefix)+" || :n::text || ") + ")"
		if text[0] == '{' { // a list of names
			made += "::text[]"
		}
		return made
	}
	return literal(text)
}

// literal quotes a text so that neither PostgreSQL nor pgbench finds anything
// of theirs in it.
func literal(s string) string {
	return "E'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, ":", `\x3A`, ";", `\x3B`).Replace(s) + "'"
}

var tps = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)

// protocol is how pgbench sends a statement, as its option -M has it.
type protocol string

const (
	// simple is pgbench's own default, and what the promises were measured
	// against: every statement is sent as text, and planned where it is run.
	simple protocol = "simple"
	// prepared has a statement prepared once a connection. Where the statements
	// themselves keep generic plans, nothing is planned again.
	prepared protocol = "prepared"
)

// pgbench runs the script from few connections, whose sessions have the
// settings of the service's.
func (b *Bench) pgbench(by protocol, to extent) side {
	return func(ctx context.Context) (round, error) {
		each := b.o.Requests / few
		first, err := b.take(ctx, each*few)
		if err != nil {
			return round{}, err
		}
		return b.measure(ctx, b.servers[0], each*few, to, func() (time.Duration, error) { return b.replay(ctx, by, first, each) })
	}
}

// replay has each of few connections send the script so many times, and gives
// how long that took from when all were connected.
func (b *Bench) replay(ctx context.Context, by protocol, first, each int) (time.Duration, error) {
	args := []string{
		"-n", "-M", string(by), "-c", strconv.Itoa(few), "-j", "2", "-t", strconv.Itoa(each),
		"-f", b.script, "-D", "i=-1", "-D", "first=" + strconv.Itoa(first),
	}
	for i, d := range b.documents {
		if by == simple { // the value of a variable becomes a part of the text
			d = literal(d)
		}
		args = append(args, "-D", fmt.Sprintf("d%d=%s", i, d))
	}
	cmd := exec.CommandContext(ctx, b.o.PGBench, append(args, b.o.AppURL)...)
	cmd.Env = append(os.Environ(), "PGOPTIONS="+sessionOptions())
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, tail(out))
	}
	found := tps.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("pgbench gives no rate: %s", tail(out))
	}
	rate, err := strconv.ParseFloat(string(found[1]), 64)
	return time.Duration(float64(each*few) / rate * float64(time.Second)), err
}

// sessionOptions are the settings that a service's sessions begin with, as
// libpq's variable PGOPTIONS takes them: their timeouts cost every statement
// something.
func sessionOptions() string {
	settings := pg.SessionSettings(pg.PoolOptions{})
	options := make([]string, 0, len(settings))
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		options = append(options, "-c "+name+"="+settings[name])
	}
	return strings.Join(options, " ")
}

func tail(b []byte) []byte { return b[max(0, len(b)-1000):] }
