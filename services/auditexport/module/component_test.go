package module_test

import (
	"net/url"
	"testing"
)

func TestEveryFactBecomesARow(t *testing.T) {
	t.Parallel()
	b := start(t)
	n := b.road("p-1")
	b.await(n)
	rows := b.query(url.Values{"project": {"p-1"}})
	if len(rows.Items) != int(n) {
		t.Fatalf("%d rows about the project", len(rows.Items))
	}
	b.wantSound(n)
	t.Logf("%+v", rows.Items[0])
	zip := b.export(map[string]any{})
	if r := b.check(zip); !r.OK {
		t.Fatalf("%+v", r)
	}
}
