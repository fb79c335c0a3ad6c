package schematest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestSchemasAreFetchedOnce(t *testing.T) {
	t.Parallel()
	asked := 0
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path != "/1/there.json" {
			http.NotFound(w, r)
			return
		}
		_, _ = fmt.Fprint(w, `{"type":"object"}`)
	}))
	t.Cleanup(site.Close)
	o := official{shared: t.TempDir(), cache: t.TempDir(), releases: []release{{site.URL + "/1/", "one"}}}
	for range 3 {
		if _, err := o.Load(site.URL + "/1/there.json"); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	for _, url := range []string{site.URL + "/1/missing.json", site.URL + "/2/there.json"} {
		if _, err := o.Load(url); err == nil || !strings.Contains(err.Error(), "schema") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// failing hears of failures without failing.
type failing struct {
	testing.TB
	said []string
}

func (f *failing) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

func TestWhatIsNotOfTheStandardIsTold(t *testing.T) {
	t.Parallel()
	s := Open(t)
	for _, name := range []string{"project/p.oc4ids.json", "project/p.ocds.json", "project/p.json"} {
		f := &failing{TB: t}
		if s.Hold(f, name, []byte(`{"version":"1.1"}`)); len(f.said) != 1 {
			t.Errorf("%s: %q", name, f.said)
		}
	}
}
