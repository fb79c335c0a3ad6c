package portal

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"egov/libs/op"
)

// pages serves the built web application: its files as they are, and its one
// document for every other path, because the application routes by itself.
type pages struct {
	document []byte // nil when the application is not built
	files    map[string]file
}

type file struct {
	mediaType string
	plain     []byte
	gzip      []byte // nil when not worth it
}

// noncePlace is where the build leaves room for a nonce.
const noncePlace = "__CSP_NONCE__"

// newPages reads the whole application into memory.
func newPages(dist fs.FS) (*pages, error) {
	p := &pages{files: map[string]file{}}
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		b, err := fs.ReadFile(dist, name)
		if err != nil {
			return err
		}
		if name == "index.html" {
			p.document = b
			return nil
		}
		f := file{mediaType: mime.TypeByExtension(path.Ext(name)), plain: b}
		if f.mediaType == "" {
			f.mediaType = "application/octet-stream"
		}
		if f.gzip, err = squeeze(b); err != nil {
			return err
		}
		p.files["/"+name] = f
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the web application: %w", err)
	}
	return p, nil
}

// squeeze compresses b, or gives nil where that saves little.
func squeeze(b []byte) ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if out.Len() > len(b)*9/10 {
		return nil, nil
	}
	return out.Bytes(), nil
}

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		op.WriteMethodProblem(w, http.MethodGet, http.MethodHead)
		return
	}
	if f, ok := p.files[r.URL.Path]; ok {
		f.serve(w, r)
		return
	}
	// Files stand at the root and under /assets/; farther down a dot belongs to
	// the name of a thing, such as an account's.
	if strings.HasPrefix(r.URL.Path, "/assets/") || path.Dir(r.URL.Path) == "/" && path.Ext(r.URL.Path) != "" {
		op.WriteProblem(r.Context(), errFile, w) // of another build, not a page
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	if p.document == nil {
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, notBuilt)
		return
	}
	var raw [18]byte
	_, _ = rand.Read(raw[:]) // never fails
	nonce := base64.RawURLEncoding.EncodeToString(raw[:])
	// Scripts come from files alone. The component library adds its styles at
	// run time, in elements that bear the nonce.
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+nonce+"'; "+
		"img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "+
		"base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
	_, _ = w.Write(bytes.ReplaceAll(p.document, []byte(noncePlace), []byte(nonce))) // the client is gone when this fails
}

func (f file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.mediaType)
	h.Set("Vary", "Accept-Encoding")
	if strings.HasPrefix(r.URL.Path, "/assets/") { // their names change with their content
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "public, max-age=3600")
	}
	body := f.plain
	if f.gzip != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.gzip
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client is gone when this fails
	}
}

const notBuilt = `<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>门户页面尚未构建</title>
<h1>门户页面尚未构建</h1>
<p>本程序编译时没有包含门户页面。请在仓库根目录运行 <code>make web</code>，然后重新编译。</p>
<p lang="en">This binary was compiled without the portal's pages. Run <code>make web</code> at the root of the repository and compile again.</p>
</html>
`
