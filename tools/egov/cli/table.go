package cli

import (
	"io"
	"strings"

	"golang.org/x/text/width"
)

// columnGap stands between two columns.
const columnGap = "  "

// Table writes rows under a header, in columns that line up on a terminal,
// where a Chinese character is as wide as two Latin ones.
func Table(w io.Writer, header []string, rows [][]string) error {
	widths := make([]int, len(header))
	rule := make([]string, len(header))
	all := append([][]string{header, rule}, rows...)
	for _, row := range all {
		for i, cell := range row {
			widths[i] = max(widths[i], Width(cell))
		}
	}
	for i := range rule {
		rule[i] = strings.Repeat("─", widths[i])
	}
	var b strings.Builder
	for _, row := range all {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-Width(cell)) + columnGap
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Width is how many columns a text takes on a terminal.
func Width(s string) int {
	n := 0
	for _, r := range s {
		n += columns(r)
	}
	return n
}

func columns(r rune) int {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// Cut shortens a text to at most n columns.
func Cut(s string, n int) string {
	if Width(s) <= n {
		return s
	}
	used := 1 // for the ellipsis
	for i, r := range s {
		if used += columns(r); used > n {
			return s[:i] + "…"
		}
	}
	return s
}
