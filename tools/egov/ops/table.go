package ops

import (
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"egov/tools/egov/cli"
)

// tone is how much a cell asks to be looked at.
type tone int

const (
	plain tone = iota
	good
	watch
	bad
	faint
)

// ansi are the colours of the tones on a terminal.
var ansi = map[tone]string{good: "\x1b[32m", watch: "\x1b[33m", bad: "\x1b[31m", faint: "\x1b[2m"}

// paper is where an answer is written, and whether in colours.
type paper struct {
	io.Writer
	colours bool
}

// onto writes to w, in colours when it is a terminal and nobody asked for none.
func onto(w io.Writer) paper {
	f, ok := w.(*os.File)
	return paper{w, ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func (p paper) paint(text string, t tone) string {
	if !p.colours || ansi[t] == "" {
		return text
	}
	return ansi[t] + text + "\x1b[0m"
}

// cell is a text of a table.
type cell struct {
	text string
	tone tone
}

func text(s string) cell { return cell{text: s} }

// unknown stands where a figure cannot be had.
const unknown = "–"

// table writes rows under a header in columns that line up, as cli.Table does,
// with colours where the paper has them.
func (p paper) table(header []string, rows [][]cell) error {
	widths := make([]int, len(header))
	for i, h := range header {
		widths[i] = cli.Width(h)
	}
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], cli.Width(c.text))
		}
	}
	var b strings.Builder
	line := func(row []cell) {
		for i, c := range row {
			b.WriteString(p.paint(c.text, c.tone))
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-cli.Width(c.text)+2))
			}
		}
		b.WriteString("\n")
	}
	head, rule := make([]cell, len(header)), make([]cell, len(header))
	for i, h := range header {
		head[i], rule[i] = text(h), cell{strings.Repeat("─", widths[i]), faint}
	}
	line(head)
	line(rule)
	for _, row := range rows {
		line(row)
	}
	_, err := io.WriteString(p, b.String())
	return err
}

func (p paper) say(format string, args ...any) { cli.Say(p, format, args...) }

// count shows a whole figure that should be nothing: it is watched from one on
// and bad from limit on.
func count(v *float64, limit float64) cell {
	if v == nil {
		return cell{unknown, faint}
	}
	c := cell{text: strconv.FormatFloat(math.Round(*v), 'f', -1, 64)}
	switch {
	case *v >= limit:
		c.tone = bad
	case *v > 0:
		c.tone = watch
	}
	return c
}

// lasting shows a length of time that should be short.
func lasting(d *time.Duration, limit time.Duration) cell {
	if d == nil {
		return cell{unknown, faint}
	}
	c := cell{text: short(*d)}
	if *d >= limit {
		c.tone = bad
	}
	return c
}

// short writes a length of time in its largest unit.
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return "0s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}
