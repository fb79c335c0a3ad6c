package paperstore_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"egov/libs/blob"
	"egov/services/procurement/paperstore"
)

func inMemory(t *testing.T) *blob.Store {
	t.Helper()
	blobs, err := blob.Open(t.Context(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := blobs.Close(); err != nil {
			t.Error(err)
		}
	})
	return blobs
}

func TestPapersComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	blobs := inMemory(t)
	store := paperstore.Papers{Blobs: blobs}
	want := []byte("the stamped contract")
	paper, err := store.Put(t.Context(), "../合同.txt", "text/plain", bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(paper.Name, "/") || paper.Size != int64(len(want)) || len(paper.SHA256) != 64 || len(paper.SM3) != 64 || !strings.HasPrefix(paper.MediaType, "text/plain") {
		t.Errorf("%+v", paper)
	}
	body, err := store.Get(t.Context(), paper.Key)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q %v", got, err)
	}
}

func TestPapersAreRefused(t *testing.T) {
	t.Parallel()
	blobs := inMemory(t)
	for _, c := range []struct {
		name, mediaType, content string
		store                    paperstore.Papers
		want                     error
	}{
		{"not what it says", "application/pdf", "plain text", paperstore.Papers{Blobs: blobs}, blob.ErrTypeMismatch},
		{"a program", "", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00", paperstore.Papers{Blobs: blobs}, blob.ErrType},
		{"empty", "text/plain", "", paperstore.Papers{Blobs: blobs}, blob.ErrEmpty},
		{"nowhere to keep it", "text/plain", "x", paperstore.Papers{}, blob.ErrStorage},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := c.store.Put(t.Context(), "x", c.mediaType, strings.NewReader(c.content)); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	if _, err := (paperstore.Papers{}).Get(t.Context(), "x"); !errors.Is(err, blob.ErrStorage) {
		t.Error(err)
	}
}
