package chaos

import (
	"errors"
	"strings"
	"testing"

	"egov/services/suite/stack"
)

func TestRowsOfAStream(t *testing.T) {
	t.Parallel()
	const rows = `{"seq":8}` + "\n" + `{"seq":9}` + "\n"
	const end = `{"rows":2,"first":8,"last":9,"signatures":["x"]}` + "\n"
	for name, c := range map[string]struct {
		stream string
		last   int64
		want   string // of the error; "cut" = errCut, empty = none
	}{
		"whole":                      {rows + end, 9, ""},
		"nothing":                    {"", 7, "cut"},
		"cut behind a row":           {rows, 9, "cut"},
		"cut in a row":               {rows[:len(rows)-4], 8, "cut"},
		"cut in the closing line":    {rows + end[:len(end)-1], 9, "cut"},
		"a row is missing":           {`{"seq":9}` + "\n" + end, 7, "row 9 follows row 7"},
		"a row comes twice":          {`{"seq":8}` + "\n" + rows + end, 8, "row 8 follows row 8"},
		"no row":                     {"nonsense\n", 7, "invalid character"},
		"closing line of other rows": {rows + strings.Replace(end, `"rows":2`, `"rows":3`, 1), 9, "after row 9"},
		"closing line unsigned":      {rows + strings.Replace(end, `"x"`, ``, 1), 9, "after row 9"},
		"something after the end":    {rows + end + rows, 9, "after row 9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			last, err := rowsOf([]byte(c.stream), 7)
			if last != c.last {
				t.Errorf("last row %d, want %d", last, c.last)
			}
			switch {
			case c.want == "" && err != nil, c.want == "cut" && !errors.Is(err, errCut):
				t.Error(err)
			case c.want != "" && c.want != "cut" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// TestAnswersInWords: what a caller may be told while the disk is full is told
// apart from everything else.
func TestAnswersInWords(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		answeredWell: nil, answeredNot: errors.New("connection refused"), answeredLater: stack.Refusal{Status: 503, Later: true},
		"503": stack.Refusal{Status: 503}, "500": stack.Refusal{Status: 500, Later: true},
	} {
		if got := inWords(err); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}
