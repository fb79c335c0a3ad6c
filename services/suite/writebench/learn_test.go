package writebench

import (
	"slices"
	"strings"
	"testing"
)

func text(s string) *string { return &s }

func TestParametersOfTheLog(t *testing.T) {
	t.Parallel()
	got := parameters(`$1 = 'it''s', $2 = NULL, $3 = '', $4 = 'a, $5 = ''b'''`)
	want := []*string{text("it's"), nil, text(""), text("a, $5 = 'b'")}
	if !slices.EqualFunc(got, want, func(a, b *string) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }) {
		for _, p := range got {
			t.Logf("%v", p)
		}
		t.Fatalf("%d parameters", len(got))
	}
}

// in makes statements of one session.
func in(session string, sqls ...string) (out []statement) {
	for _, s := range sqls {
		out = append(out, statement{session: session, sql: s})
	}
	return out
}

func TestOnlyTheSubmissionIsKept(t *testing.T) {
	t.Parallel()
	idle := in("r", "BEGIN", "SELECT outbox", "COMMIT", "SELECT lag")
	submission := in("a", "SELECT scope", "BEGIN", "SELECT lock", `UPDATE "project" SET x`, "COMMIT")
	for _, tc := range []struct {
		name string
		busy []statement
		want []string
	}{
		{"alone", submission, []string{"SELECT scope", "BEGIN", "SELECT lock", `UPDATE "project" SET x`, "COMMIT"}},
		{
			"among what happens anyway", slices.Concat(in("r", "BEGIN", "SELECT outbox"), submission[:3], in("r", "COMMIT"), submission[3:], in("r", "SELECT lag")),
			[]string{"SELECT scope", "BEGIN", "SELECT lock", `UPDATE "project" SET x`, "COMMIT"},
		},
		{
			"without its consequences", slices.Concat(submission, in("c", "begin", "INSERT INTO event_inbox", "INSERT INTO dossier_fact", "commit")),
			[]string{"SELECT scope", "BEGIN", "SELECT lock", `UPDATE "project" SET x`, "COMMIT"},
		},
		{
			"without a job that begins meanwhile", slices.Concat(in("j", "INSERT INTO river_job (kind) VALUES ($1)"), submission),
			[]string{"SELECT scope", "BEGIN", "SELECT lock", `UPDATE "project" SET x`, "COMMIT"},
		},
		{"cut off", submission[:4], nil},
		{"begun before", submission[2:], nil},
		{"not there", idle, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, s := range only(tc.busy, idle) {
				got = append(got, s.sql)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestScriptIsAboutAnotherProjectEachTime(t *testing.T) {
	t.Parallel()
	got, documents := script(submission{"bench-7", []statement{
		{sql: "SELECT body FROM idempotency WHERE key = $1", params: []*string{text(`\x00`)}},
		{sql: `UPDATE "project" SET body=$2, note=$3 WHERE id=$1`, params: []*string{text("bench-7"), text(`{"id":"bench-7","more":"` + strings.Repeat("x", maxName) + `"}`), nil}},
		{sql: "INSERT INTO deadline VALUES ($1::text, $2::uuid)", params: []*string{text("bench-7/accept"), text("01a20037-9aa7-7c7b-ac8c-a0493032c3f5")}},
	}})
	for _, want := range []string{
		"WHERE key = ARRAY[sha256(('k' || :k::text)::bytea)];\n",
		`WHERE id=(E'' || E'bench-' || :n::text || E'')`,
		"body=:d0, note=NULL",
		"(E'' || E'bench-' || :n::text || E'/accept')::text, gen_random_uuid()::uuid",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if len(documents) != 1 || !strings.HasPrefix(documents[0], `{"id":"bench-7"`) {
		t.Errorf("%q", documents)
	}
}

func TestABatchIsAboutAnotherProjectEachTime(t *testing.T) {
	t.Parallel()
	document := `{"id":"bench-7","more":"` + strings.Repeat("x", maxName) + `"}`
	of := submission{"bench-7", []statement{
		{sql: "BEGIN"},
		{sql: "SELECT body FROM idempotency WHERE key = ANY($1)", params: []*string{text(`{"\x00"}`)}},
		{sql: `UPDATE "project" SET body=$2, note=$3 WHERE id=$1`, params: []*string{text("bench-7"), text(document), nil}},
		{sql: "INSERT INTO deadline VALUES ($1, $2)", params: []*string{text("bench-7/accept"), text("01a20037-9aa7-7c7b-ac8c-a0493032c3f5")}},
	}}
	first, second := of.again("bench-8").QueuedQueries, of.again("bench-9").QueuedQueries
	for i, s := range of.statements {
		if first[i].SQL != s.sql || len(first[i].Arguments) != len(s.params) {
			t.Errorf("%s with %d parameters", first[i].SQL, len(first[i].Arguments))
		}
	}
	if got := first[2].Arguments; got[0] != "bench-8" || got[1] != document || got[2] != nil {
		t.Errorf("the row: %v", got)
	}
	if got := first[3].Arguments[0]; got != "bench-8/accept" {
		t.Errorf("the clock: %v", got)
	}
	if key := first[1].Arguments[0]; key == second[1].Arguments[0] || key == `{"\x00"}` {
		t.Errorf("the key: %v", key)
	}
	if id := first[3].Arguments[1]; id == second[3].Arguments[1] {
		t.Errorf("the event's id: %v", id)
	}
}

// TestLiteralHidesWhatPgbenchWouldRead: a colon would begin a variable, a
// semicolon end a statement.
func TestLiteralHidesWhatPgbenchWouldRead(t *testing.T) {
	t.Parallel()
	if got := literal("a:b;c'd\\e\nf"); got != `E'a\x3Ab\x3Bc\'d\\e\nf'` {
		t.Error(got)
	}
}
