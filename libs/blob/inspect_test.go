package blob_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"egov/libs/blob"
)

// TestInspectRefusesAsPutDoes, and stores nothing.
func TestInspectRefusesAsPutDoes(t *testing.T) {
	t.Parallel()
	limits := blob.Limits{MaxBytes: 20, Types: []blob.Type{blob.Text}}
	for _, tt := range []struct {
		name, content string
		found         blob.Type
		err           error
	}{
		{"Text", "费用类别", blob.Text, nil},
		{"AtTheLimit", strings.Repeat("x", 20), blob.Text, nil},
		{"AboveTheLimit", strings.Repeat("x", 21), "", blob.ErrTooLarge},
		{"Empty", "", "", blob.ErrEmpty},
		{"AnotherType", "%PDF-1.7\n%%EOF", "", blob.ErrType},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found, err := blob.Inspect(bytes.NewReader([]byte(tt.content)), int64(len(tt.content)), limits)
			if found != tt.found || !errors.Is(err, tt.err) {
				t.Errorf("%q %v", found, err)
			}
		})
	}
}
