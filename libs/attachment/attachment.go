// Package attachment lets files hang on aggregates: what an upload and a
// download ask for, what a record keeps of a file, and where its content lies.
//
// Every duty takes the same kinds of file, those that offices exchange, up to
// the same size. Who may attach and read, and when, is the aggregate's to say.
package attachment

import (
	"bytes"
	"context"
	"io"
	"slices"

	"egov/libs/authn"
	"egov/libs/blob"
	"egov/libs/fault"
	typev1 "egov/proto/gen/egov/type/v1"
)

// MaxBytes bounds one attachment.
const MaxBytes = 32 << 20

var limits = blob.Limits{
	MaxBytes: MaxBytes,
	Types:    []blob.Type{blob.PDF, blob.OFD, blob.DOCX, blob.XLSX, blob.PNG, blob.JPEG, blob.Text},
	Archive:  blob.ArchiveLimits{MaxEntries: 5000, MaxUnpacked: 256 << 20, MaxRatio: 200},
}

// ErrNone refuses a reference to what was not attached.
var ErrNone = fault.New(fault.NotFound, "no_such_attachment", "没有这个附件", "there is no such attachment")

// Document is what a record keeps of one attached file.
type Document struct {
	Key       string `json:"key"`            // of the content, in the blob store
	Item      string `json:"item,omitempty"` // code of the checklist's item it serves, where it serves one
	Name      string `json:"name"`           // safe as a file name
	MediaType string `json:"media_type"`     // as found in the content
	Size      int64  `json:"size_bytes"`
	SHA256    string `json:"sha256"` // hex
	SM3       string `json:"sm3"`    // hex
	By        string `json:"attached_by"`
}

// Fact is the document as facts name it.
func (d Document) Fact() *typev1.Document {
	return &typev1.Document{Name: d.Name, MediaType: d.MediaType, SizeBytes: d.Size, Sha256: d.SHA256, Sm3: d.SM3}
}

// Upload asks to attach one file to the aggregate with the given id. The body
// is the file; its content speaks for its own type.
type Upload struct {
	ID   string `path:"id" json:"-"`
	Name string `query:"name" json:"-" required:"true"`
	Type string `header:"Content-Type" json:"-"`
	Body []byte `body:"raw" json:"-"`
}

// Validate wants a name to show, and a file.
func (u *Upload) Validate() error {
	var c fault.Checks
	u.Check(&c)
	return c.Err()
}

// Check is Validate for requests that ask for more.
func (u *Upload) Check(c *fault.Checks) {
	c.Text(u.Name, "name", 200)
	c.Require(len(u.Body) > 0, "body", "required", "文件为空", "the file is empty")
}

// Ref names one attachment of the aggregate with the given id.
type Ref struct {
	ID     string `path:"id" json:"-"`
	SHA256 string `path:"sha256" json:"-"`
}

// File is an attachment opened for reading. Whoever gets it closes Body.
type File struct {
	Name      string
	MediaType string
	Body      io.ReadCloser
}

// Shelf keeps the content of attachments. Without a blob store attachments
// are unavailable (blob.ErrStorage), and all else a service does goes on.
type Shelf struct{ Blobs *blob.Store }

// Keep stores the content of an upload under its hash, and says who brought
// it. It refuses what is too large, of another type, or not what it says it is.
func (s Shelf) Keep(ctx context.Context, u Upload) (Document, error) {
	if s.Blobs == nil {
		return Document{}, blob.ErrStorage
	}
	o, err := s.Blobs.Put(ctx, u.Name, u.Type, bytes.NewReader(u.Body), limits)
	if err != nil {
		return Document{}, err
	}
	return Document{
		Key: o.Key, Name: o.Name, MediaType: o.Type.Media(), Size: o.Size,
		SHA256: o.SHA256, SM3: o.SM3, By: authn.By(ctx).Actor(),
	}, nil
}

// Open opens the one of the documents that has the given hash; ErrNone where
// none has.
func (s Shelf) Open(ctx context.Context, in []Document, sha256 string) (File, error) {
	d, ok := Find(in, sha256)
	switch {
	case !ok:
		return File{}, ErrNone
	case s.Blobs == nil:
		return File{}, blob.ErrStorage
	}
	body, err := s.Blobs.Get(ctx, d.Key)
	return File{Name: d.Name, MediaType: d.MediaType, Body: body}, err
}

// Add names a document among the others. The same content for the same item
// stands once, under its latest name.
func Add(to []Document, d Document) []Document {
	same := func(o Document) bool { return o.SHA256 == d.SHA256 && o.Item == d.Item }
	return append(slices.DeleteFunc(to, same), d)
}

// Find looks for a document by the SHA-256 of its content, in hex.
func Find(in []Document, sha256 string) (Document, bool) {
	i := slices.IndexFunc(in, func(d Document) bool { return d.SHA256 == sha256 })
	if i < 0 {
		return Document{}, false
	}
	return in[i], true
}
