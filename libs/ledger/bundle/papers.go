package bundle

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"egov/libs/ledger"
)

// Paper is an attachment as a fact names it. The bytes are another's; a bundle
// may have them under PaperName.
type Paper struct {
	Name      string
	MediaType string
	Size      int64 // bytes
	SHA256    ledger.Hash
	SM3       string // hex
}

// mediaType begins with a letter that events do not have in every word.
var mediaType = []byte(`media_type"`)

// namesPapers says whether an event may name one: a look that costs little.
func namesPapers(event []byte) bool { return bytes.Contains(event, mediaType) }

// Papers are the attachments that the data of an event name, wherever in them:
// each object with a sha256 and a media_type. They stand in the order of the
// members' names.
func Papers(data []byte) []Paper {
	if !namesPapers(data) {
		return nil
	}
	var v any
	if json.Unmarshal(data, &v) != nil {
		return nil
	}
	return walkPapers(nil, v)
}

func walkPapers(to []Paper, v any) []Paper {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			to = walkPapers(to, x)
		}
	case map[string]any:
		text := func(name string) string { t, _ := v[name].(string); return t }
		sum, err := hex.DecodeString(text("sha256"))
		if err != nil || len(sum) != ledger.HashSize || text("media_type") == "" {
			for _, name := range slices.Sorted(maps.Keys(v)) {
				to = walkPapers(to, v[name])
			}
			return to
		}
		size, _ := strconv.ParseInt(text("size_bytes"), 10, 64) // none is said of an empty file
		to = append(to, Paper{Name: text("name"), MediaType: text("media_type"), Size: size, SHA256: ledger.Hash(sum), SM3: text("sm3")})
	}
	return to
}

// extensions are those of the types that are attached. What has another type
// bears none that a program would open.
var extensions = map[string]string{
	"application/pdf": ".pdf", "application/ofd": ".ofd", "image/png": ".png", "image/jpeg": ".jpg", "text/plain": ".txt",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":       ".xlsx",
}

// PaperName is the name of an attachment in a bundle: its SHA-256, in hex, and
// what its type is known by. A file of such a name has that hash, or is none of
// the bundle's (SH12-A).
func PaperName(sha256 ledger.Hash, media string) string {
	media, _, _ = strings.Cut(media, ";")
	extension, ok := extensions[strings.TrimSpace(media)]
	if !ok {
		extension = ".bin"
	}
	return FolderFiles + sha256.String() + extension
}

// paperHash is the hash that a file is named by; ok is false for one that is
// named otherwise.
func paperHash(name string) (sha256 ledger.Hash, ok bool) {
	rest, ok := strings.CutPrefix(name, FolderFiles)
	if !ok {
		return sha256, false
	}
	return ledger.ParseHash([]byte(strings.TrimSuffix(rest, path.Ext(rest))))
}

// Attachments says how many files the rows name, and how many of them the bundle
// has. A file counts as often as rows name it.
type Attachments struct {
	Named uint64 `json:"named"`
	Held  uint64 `json:"held"`
	// Missing counts the others by why they are not here; completeness.json lists
	// each.
	Missing map[string]uint64 `json:"missing,omitempty"`
}

// paperCheck counts again.
type paperCheck struct {
	Attachments
	files map[ledger.Hash]bool // in the bundle; true once a row has named it
}

func (c *paperCheck) row(named []ledger.Hash) {
	for _, h := range named {
		c.Named++
		if _, here := c.files[h]; here {
			c.Held++
			c.files[h] = true
		}
	}
}

// newPaperCheck takes in which files are there.
func newPaperCheck(a *archive) *paperCheck {
	c := &paperCheck{files: make(map[ledger.Hash]bool)}
	for name := range a.files {
		if h, ok := paperHash(name); ok {
			c.files[h] = false
		}
	}
	return c
}

// check holds what the manifest says to what was counted.
func (c *paperCheck) check(m *Manifest) error {
	said := m.Attachments
	var missing uint64
	for _, n := range said.Missing {
		missing += n
	}
	if said.Named != c.Named || said.Held != c.Held || said.Held > said.Named || missing != said.Named-said.Held {
		return ledger.Found(ledger.CodeManifest, 0, "it speaks of %d attachments, %d here and %d missing; the rows name %d, %d are here", said.Named, said.Held, missing, c.Named, c.Held)
	}
	for h, named := range c.files {
		if !named {
			return ledger.Found(ledger.CodeManifest, 0, "no row names the attachment %s", h)
		}
	}
	return nil
}
