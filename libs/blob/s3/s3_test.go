package s3_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"egov/libs/blob"
	_ "egov/libs/blob/s3"
)

// service is as much of the S3 protocol as a store uses: objects put and got
// by path. It keeps them in memory.
type service struct {
	mu      sync.Mutex
	objects map[string][]byte
	media   map[string]string
	fail    bool
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		answer(w, http.StatusForbidden, "AccessDenied")
		return
	}
	if s.fail {
		answer(w, http.StatusForbidden, "QuotaExceeded")
		return
	}
	content, ok := s.objects[r.URL.Path]
	switch r.Method {
	case http.MethodPut:
		b, err := io.ReadAll(r.Body)
		if err != nil {
			answer(w, http.StatusBadRequest, "IncompleteBody")
			return
		}
		s.objects[r.URL.Path], s.media[r.URL.Path] = b, r.Header.Get("Content-Type")
		w.Header().Set("ETag", `"x"`)
	case http.MethodGet, http.MethodHead:
		if !ok {
			answer(w, http.StatusNotFound, "NoSuchKey")
			return
		}
		_, _ = w.Write(content)
	default:
		answer(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
}

func answer(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
	}{Code: code})
}

// TestStoreOnS3 takes credentials from the environment, as a program does, so
// it cannot run beside tests that change it.
func TestStoreOnS3(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	s3 := &service{objects: map[string][]byte{}, media: map[string]string{}}
	server := httptest.NewServer(s3)
	t.Cleanup(server.Close)

	store, err := blob.Open(t.Context(), "s3://attachments?region=local&use_path_style=true&endpoint="+server.URL+
		"&request_checksum_calculation=when_required&response_checksum_validation=when_required")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	pdf := []byte("%PDF-1.7\n%%EOF\n")
	limits := blob.Limits{MaxBytes: 1 << 10, Types: []blob.Type{blob.PDF}}
	o, err := store.Put(t.Context(), "方案.pdf", "application/pdf", bytes.NewReader(pdf), limits)
	if err != nil {
		t.Fatal(err)
	}
	path := "/attachments/" + o.Key
	if len(s3.objects) != 1 || !bytes.Equal(s3.objects[path], pdf) || s3.media[path] != "application/pdf" {
		t.Fatalf("stored %q as %v", s3.objects, s3.media)
	}
	r, err := store.Get(t.Context(), o.Key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, pdf) {
		t.Fatalf("%q %v", got, err)
	}
	if _, err := store.Get(t.Context(), "sha256/aa/"+strings.Repeat("a", 64)); !errors.Is(err, blob.ErrNotFound) {
		t.Error(err)
	}
	if _, err := store.Put(t.Context(), "x", "", strings.NewReader("MZ\x00"), limits); !errors.Is(err, blob.ErrType) || len(s3.objects) != 1 {
		t.Errorf("%v, %d objects", err, len(s3.objects))
	}
	s3.objects[path] = []byte("%PDF-1.7\nforged\n%%EOF\n")
	if r, err = store.Get(t.Context(), o.Key); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); !errors.Is(err, blob.ErrCorrupt) {
		t.Errorf("a forged object: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	s3.fail = true
	if _, err := store.Put(t.Context(), "x", "", bytes.NewReader(pdf), limits); !errors.Is(err, blob.ErrStorage) {
		t.Error(err)
	}
}
