package archtest

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// link is one link of a Markdown page, as it is written there.
type link struct {
	line   int
	target string
}

// excerpt is a code block of a Markdown page that names the file it is taken
// from in its first line: ```go services/declaration/road.go
type excerpt struct {
	line int
	file string
	text string
}

// page is what the tests ask of one Markdown page.
type page struct {
	links    []link
	excerpts []excerpt
	anchors  map[string]bool
}

var (
	inlineCode = regexp.MustCompile("`[^`]*`")
	inlineLink = regexp.MustCompile(`\]\(([^()\s]+)(?:\s+"[^"]*")?\)`)
	linkText   = regexp.MustCompile(`!?\[([^\]]*)\]\([^()]*\)`)
)

// readPage takes a Markdown page apart. Links inside of code are not links.
func readPage(text string) page {
	p := page{anchors: map[string]bool{}}
	var block *excerpt // the code block that line n stands in
	var fence string
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		bare := strings.TrimLeft(line, " ")
		if block != nil {
			if strings.HasPrefix(bare, fence) {
				if block.file != "" {
					p.excerpts = append(p.excerpts, *block)
				}
				block = nil
			} else {
				block.text += line + "\n"
			}
			continue
		}
		if strings.HasPrefix(bare, "```") {
			fence = bare[:len(bare)-len(strings.TrimLeft(bare, "`"))]
			_, file, _ := strings.Cut(bare[len(fence):], " ")
			block = &excerpt{line: n, file: strings.TrimSpace(file)}
			continue
		}
		if heading := strings.TrimLeft(line, "#"); heading != line && strings.HasPrefix(heading, " ") {
			p.addAnchor(heading)
		}
		for _, m := range inlineLink.FindAllStringSubmatch(inlineCode.ReplaceAllString(line, ""), -1) {
			p.links = append(p.links, link{n, m[1]})
		}
	}
	return p
}

// addAnchor names a heading as the usual viewers of Markdown do: lower case,
// punctuation left out, hyphens for spaces, numbers for repetitions.
func (p *page) addAnchor(heading string) {
	heading = linkText.ReplaceAllString(strings.TrimSpace(heading), "$1")
	slug := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
	name := slug
	for i := 1; p.anchors[name]; i++ {
		name = fmt.Sprintf("%s-%d", slug, i)
	}
	p.anchors[name] = true
}

// elided stands in an excerpt for lines of the file that are left out.
const elided = "…"

// missingFrom is the first part of the excerpt that source does not hold, or
// "". Parts are divided by a line of "…" and stand in source in their order.
func (e excerpt) missingFrom(source string) string {
	var part strings.Builder
	parts := []string{}
	for line := range strings.Lines(e.text) {
		if strings.TrimSpace(line) == elided {
			parts = append(parts, part.String())
			part.Reset()
			continue
		}
		part.WriteString(line)
	}
	for _, want := range append(parts, part.String()) {
		at := strings.Index(source, want)
		if at < 0 {
			return want
		}
		source = source[at+len(want):]
	}
	return ""
}
