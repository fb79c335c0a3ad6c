// Package migrations says which SQL migrations the release before this one
// could not live with. Both releases run on one schema while an upgrade lasts,
// so a migration that came since only expands: it adds what the release before
// does not look at, and neither takes away nor tightens what it reads or writes.
//
// A statement that contracts stands under a comment that names the release since
// which nobody needs what it takes away:
//
//	-- contract: since 0.2.0 nobody reads deadline.warned
//
// and passes once that release is the one before, or an earlier one.
//
// The check reads text and knows PostgreSQL's grammar only as far as it needs
// to; where it is in doubt it asks for the comment. It does not see what a
// called function does, nor how long a statement locks a table.
package migrations

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/mod/semver"
)

// Release is the release before this one.
type Release struct {
	Version    string         `yaml:"version"` // as the changelog names it, without a v
	Commit     string         `yaml:"commit"`
	Migrations map[string]int `yaml:"migrations"` // number of the last one it brings, by folder
}

// ReadRelease reads what deploy/dev/previous-release.sh wrote.
func ReadRelease(file string) (r Release, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return r, err
	}
	if err := yaml.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("%s: %w", file, err)
	}
	if !semver.IsValid("v" + r.Version) {
		return r, fmt.Errorf("%s: %q is no semantic version", file, r.Version)
	}
	return r, nil
}

// Finding is one thing that the release before could not live with.
type Finding struct {
	File string
	Line int // of the statement
	What string
}

func (f Finding) String() string { return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.What) }

// numbered is how a migration's file is called.
var numbered = regexp.MustCompile(`^([0-9]{5})_[a-z0-9_]+\.sql$`)

// Check reads every migration under folders of root and judges those that came
// after the release. Numbers run from one without a gap.
func Check(root string, r Release, folders ...string) (all []Finding, err error) {
	last := map[string]int{}
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			match := numbered.FindStringSubmatch(d.Name())
			if match == nil {
				return nil
			}
			relative, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			relative = filepath.ToSlash(relative)
			dir := path.Dir(relative)
			n, err := strconv.Atoi(match[1])
			if err != nil {
				return err
			}
			if n != last[dir]+1 {
				all = append(all, Finding{relative, 1, fmt.Sprintf("comes after number %d", last[dir])})
			}
			last[dir] = n
			if n <= r.Migrations[dir] {
				return nil
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			for _, f := range Judge(string(text), r.Version) {
				f.File = relative
				all = append(all, f)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for dir, n := range r.Migrations {
		if last[dir] < n {
			all = append(all, Finding{dir, 1, fmt.Sprintf("ends with number %d, and the release before has %d", last[dir], n)})
		}
	}
	slices.SortFunc(all, func(a, b Finding) int { return strings.Compare(a.String(), b.String()) })
	return all, nil
}

// rule is a form of statement that contracts.
type rule struct {
	form *regexp.Regexp
	what string
	// fresh: not on what the same migration creates. Its name is the form's only
	// group.
	fresh bool
}

func form(s string) *regexp.Regexp {
	return regexp.MustCompile(`(?is)` + strings.ReplaceAll(s, " ", `\s+`))
}

const table = `(?:if exists )?(?:only )?([\w".%]+)`

// rules are looked at in this order; one finding of each is enough.
var rules = []rule{
	{form(`\bdrop (?:table|view|materialized|index|column|constraint|function|procedure|aggregate|type|domain|schema|sequence|policy|trigger|rule|extension|role|owned|default|expression|identity)\b`), "takes something away", false},
	{form(`\balter table .*\bdrop\b`), "takes something away", false},
	{form(`\balter (?:table|index|view|sequence|type|schema|function) .*\brename\b`), "renames", false},
	{form(`\balter column [\w"]+ (?:set data )?type\b`), "changes a column's type", false},
	{form(`\balter table ` + table + ` .*\bset not null\b`), "wants a value where the release before may write none", true},
	{form(`\bcreate unique index .*?\bon ` + table), "wants rows to be unique that the release before may write twice", true},
	{form(`\balter table ` + table + ` .*\badd (?:constraint [\w"]+ )?(?:unique|primary key|exclude)\b`), "wants rows to be unique that the release before may write twice", true},
	{form(`\balter table ` + table + ` .*\badd (?:constraint [\w"]+ )?(?:check|foreign key)\b`), "refuses rows that the release before may write", true},
	{form(`\bcreate (?:or replace )?(?:constraint )?trigger .*?\bon ` + table), "may refuse or change what the release before writes", true},
	{form(`\bcreate rule .*?\bto ` + table), "may refuse or change what the release before writes", true},
	{form(`\balter table ` + table + ` .*\b(?:enable|force) row level security\b`), "may hide rows from the release before", true},
	{form(`\bcreate policy .*?\bon ` + table + ` as restrictive\b`), "may hide rows from the release before", true},
	{form(`\balter policy\b`), "may hide rows from the release before", false},
	{form(`\brevoke .*?\bon (?:table |function |schema )?([\w".%]+)`), "takes a right away", true},
	{form(`\balter table .*\bdetach partition\b`), "takes rows away", false},
	{form(`\btruncate\b`), "takes rows away", false},
	{form(`\bdelete from ` + table), "takes rows away", true},
	{form(`\bupdate ` + table + ` (?:as )?(?:\w+ )?set\b`), "changes rows that the release before reads", true},
}

var (
	addColumn = form(`\badd (?:column )?(?:if not exists )?([\w"]+) `)
	notColumn = []string{"column", "constraint", "primary", "unique", "check", "foreign", "exclude", "value", "generated"}
	required  = form(`\bnot null\b`)
	filled    = form(`\bdefault\b|\bgenerated\b`)
	routine   = form(`\bcreate (?:or replace )?(?:function|procedure) ([\w".]+)`)
	literal   = regexp.MustCompile(`'(\w+)'`)
	created   = form(`\bcreate (?:unlogged )?table (?:if not exists )?([\w".]+)`)
	aggregate = regexp.MustCompile(`(?i)create_aggregate\('(\w+)'\)`)
	function  = form(`^\s*create (?:or replace )?(?:function|procedure)\b`)
	contract  = regexp.MustCompile(`(?m)^\s*-- contract: since (\S+) nobody \S.*$`)
)

// Judge reads one migration and finds what contracts and does not say since when
// nobody needs what it takes away. before is the release before this one.
func Judge(text, before string) (all []Finding) {
	fresh := map[string]bool{}
	statements := split(text)
	for _, s := range statements {
		for _, re := range []*regexp.Regexp{created, aggregate, routine} {
			for _, m := range re.FindAllStringSubmatch(s.sql, -1) {
				fresh[name(m[1])] = true
			}
		}
	}
	for _, s := range statements {
		if function.MatchString(s.sql) {
			continue // a body does nothing before it is called
		}
		whats := contracts(s.sql, fresh)
		if len(whats) == 0 {
			continue
		}
		switch since, said := s.since(); {
		case !said:
			for _, what := range whats {
				all = append(all, Finding{Line: s.line, What: what + "; once nobody needs it, say so in a line before: -- contract: since VERSION nobody …"})
			}
		case !semver.IsValid("v" + since):
			all = append(all, Finding{Line: s.line, What: fmt.Sprintf("%q is no release", since)})
		case semver.Compare("v"+since, "v"+before) > 0:
			all = append(all, Finding{Line: s.line, What: fmt.Sprintf("%s is not out: the release before is %s", since, before)})
		}
	}
	return all
}

// contracts says what a statement does that the release before could not live
// with; fresh is what its migration creates.
func contracts(sql string, fresh map[string]bool) (all []string) {
	for _, r := range rules {
		if slices.Contains(all, r.what) {
			continue
		}
		for _, m := range r.form.FindAllStringSubmatch(sql, -1) {
			if r.fresh && isFresh(m[1], sql, fresh) {
				continue
			}
			all = append(all, r.what)
			break
		}
	}
	columns := addColumn.FindAllStringSubmatchIndex(sql, -1)
	for i, at := range columns {
		to := len(sql)
		if i+1 < len(columns) {
			to = columns[i+1][0]
		}
		definition := sql[at[1]:to]
		if !slices.Contains(notColumn, name(sql[at[2]:at[3]])) && required.MatchString(definition) && !filled.MatchString(definition) {
			all = append(all, "adds a column that the release before leaves empty, and wants a value there")
		}
	}
	return all
}

// isFresh reports whether a name is one that its migration creates. Where a
// block puts names into a text one by one, all that it speaks of have to be.
func isFresh(s, sql string, fresh map[string]bool) bool {
	if !strings.Contains(s, "%") {
		return fresh[name(s)]
	}
	all := literal.FindAllStringSubmatch(sql, -1)
	return len(all) > 0 && !slices.ContainsFunc(all, func(m []string) bool { return !fresh[m[1]] })
}

// name is a relation's name without quotes and schema.
func name(s string) string {
	s = strings.ToLower(strings.ReplaceAll(s, `"`, ""))
	return s[strings.LastIndexByte(s, '.')+1:]
}

// statement is one statement of a migration, with the comments before it.
type statement struct {
	sql      string // without comments
	comments string
	line     int
}

// since gives the release that the statement's comment names.
func (s statement) since() (version string, said bool) {
	m := contract.FindStringSubmatch(s.comments)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// split cuts a migration at the semicolons that end statements: not those in
// quotes, in dollar quotes and in comments. The comments of a DO block count as
// its own, those of other statements as theirs.
func split(text string) (all []statement) {
	var s statement
	var sql, comments strings.Builder
	line := 1
	end := func() {
		if s.sql = strings.TrimSpace(sql.String()); s.sql != "" {
			s.comments = comments.String()
			all = append(all, s)
			comments.Reset()
		}
		sql.Reset()
		s = statement{}
	}
	for rest := text; rest != ""; {
		token := next(rest)
		switch {
		case strings.HasPrefix(token, "--"), strings.HasPrefix(token, "/*"):
			comments.WriteString(token + "\n")
		case token == ";":
			end()
		default:
			if s.line == 0 && strings.TrimSpace(token) != "" {
				s.line = line
			}
			sql.WriteString(token)
		}
		line += strings.Count(token, "\n")
		rest = rest[len(token):]
	}
	end()
	return all
}

var dollar = regexp.MustCompile(`^\$\w*\$`)

// next is the token that rest begins with: a comment, a quoted text, a
// semicolon, or one character.
func next(rest string) string {
	until := func(close string, from int) string {
		if i := strings.Index(rest[from:], close); i >= 0 {
			return rest[:from+i+len(close)]
		}
		return rest
	}
	switch {
	case strings.HasPrefix(rest, "--"):
		return strings.TrimSuffix(until("\n", 0), "\n")
	case strings.HasPrefix(rest, "/*"):
		return until("*/", 2)
	case rest[0] == '\'' || rest[0] == '"':
		return until(rest[:1], 1)
	}
	if tag := dollar.FindString(rest); tag != "" {
		return until(tag, len(tag))
	}
	return rest[:1]
}
