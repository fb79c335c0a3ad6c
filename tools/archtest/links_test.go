package archtest

import (
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// notOurs are folders whose pages come from elsewhere or are made by tools.
var notOurs = []string{".git", ".tools", ".egov", "bin", "dist", "node_modules"}

// pages reads every Markdown page of the repository by its path.
func pages(t *testing.T, root string) map[string]page {
	t.Helper()
	found := map[string]page{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains(notOurs, d.Name()) {
			return filepath.SkipDir
		}
		if d.IsDir() || path.Ext(name) != ".md" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		found[filepath.ToSlash(rel)] = readPage(string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatal("no Markdown page found")
	}
	return found
}

// TestLinks follows every relative link of every page, its anchor included.
func TestLinks(t *testing.T) {
	t.Parallel()
	dir := root(t)
	all := pages(t, dir)
	for name, p := range all {
		for _, l := range p.links {
			u, err := url.Parse(l.target)
			switch {
			case err != nil:
				t.Errorf("%s:%d: %v", name, l.line, err)
				continue
			case u.Scheme != "":
				continue // the outside changes without us
			case strings.HasPrefix(u.Path, "/"):
				t.Errorf("%s:%d: %s begins at no folder of the repository", name, l.line, l.target)
				continue
			}
			to := name
			if u.Path != "" {
				to = path.Join(path.Dir(name), u.Path)
			}
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(to))); err != nil || !filepath.IsLocal(to) {
				t.Errorf("%s:%d: %s leads nowhere", name, l.line, l.target)
				continue
			}
			if target, isPage := all[to]; u.Fragment != "" && isPage && !target.anchors[u.Fragment] {
				t.Errorf("%s:%d: %s has no heading #%s", name, l.line, to, u.Fragment)
			}
		}
	}
}

// TestExcerpts holds the code that pages quote against the files they name.
func TestExcerpts(t *testing.T) {
	t.Parallel()
	dir := root(t)
	for name, p := range pages(t, dir) {
		for _, e := range p.excerpts {
			source, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(e.file)))
			if err != nil {
				t.Errorf("%s:%d: %v", name, e.line, err)
				continue
			}
			if part := e.missingFrom(string(source)); part != "" {
				t.Errorf("%s:%d: %s does not hold\n%s", name, e.line, e.file, part)
			}
		}
	}
}

func TestReadPage(t *testing.T) {
	t.Parallel()
	p := readPage("# One page, two parts\n" +
		"See [here](a/b.md#c \"title\"), `[not](this.md)` and ![a picture](docs/x.png).\n" +
		"## `code` and [a link](z.md)\n" +
		"## 中文，标题\n" +
		"## 中文，标题\n" +
		"```go a/b.go\n[not](that.md)\n## not a heading\n```\n" +
		"```\n[nor](this.md)\n```\n")
	want := []link{{2, "a/b.md#c"}, {2, "docs/x.png"}, {3, "z.md"}}
	if !slices.Equal(p.links, want) {
		t.Errorf("links %v, want %v", p.links, want)
	}
	for _, a := range []string{"one-page-two-parts", "code-and-a-link", "中文标题", "中文标题-1"} {
		if !p.anchors[a] {
			t.Errorf("no anchor %q in %v", a, p.anchors)
		}
	}
	if len(p.anchors) != 4 {
		t.Errorf("anchors %v", p.anchors)
	}
	if len(p.excerpts) != 1 || p.excerpts[0].file != "a/b.go" || p.excerpts[0].line != 6 {
		t.Errorf("excerpts %+v", p.excerpts)
	}
}

func TestMissingFrom(t *testing.T) {
	t.Parallel()
	const source = "one\ntwo\nthree\nfour\n"
	for _, c := range []struct{ name, text, want string }{
		{"a run of lines", "two\nthree\n", ""},
		{"two runs in order", "one\n…\nfour\n", ""},
		{"two runs out of order", "four\n…\none\n", "one\n"},
		{"a line that is not there", "two\nfive\n", "two\nfive\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := (excerpt{text: c.text}).missingFrom(source); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
