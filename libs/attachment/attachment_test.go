package attachment_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/blob"
	"egov/libs/fault"
)

func inMemory(t *testing.T) attachment.Shelf {
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
	return attachment.Shelf{Blobs: blobs}
}

func declarer(t *testing.T) context.Context {
	t.Helper()
	return authn.With(t.Context(), authn.Principal{Subject: "edu.declarer", Unit: "education"})
}

func TestFilesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	shelf, ctx := inMemory(t), declarer(t)
	const want = "the stamped contract"
	d, err := shelf.Keep(ctx, attachment.Upload{Name: "../合同.txt", Type: "text/plain", Body: []byte(want)})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(d.Name, "/") || d.Size != int64(len(want)) || len(d.SHA256) != 64 || len(d.SM3) != 64 ||
		d.MediaType != blob.Text.Media() || d.By != "edu.declarer" {
		t.Errorf("%+v", d)
	}
	if f := d.Fact(); f.GetName() != d.Name || f.GetSha256() != d.SHA256 || f.GetSm3() != d.SM3 || f.GetSizeBytes() != d.Size || f.GetMediaType() != d.MediaType {
		t.Errorf("%v", f)
	}
	f, err := shelf.Open(ctx, []attachment.Document{{SHA256: "another"}, d}, d.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Body.Close()
	if got, err := io.ReadAll(f.Body); err != nil || string(got) != want || f.Name != d.Name || f.MediaType != d.MediaType {
		t.Errorf("%q %v %+v", got, err, f)
	}
}

func TestFilesAreRefused(t *testing.T) {
	t.Parallel()
	kept, none := inMemory(t), attachment.Shelf{}
	for _, c := range []struct {
		name, mediaType, content string
		shelf                    attachment.Shelf
		want                     error
	}{
		{"NotWhatItSays", "application/pdf", "plain text", kept, blob.ErrTypeMismatch},
		{"AProgram", "", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00", kept, blob.ErrType},
		{"Empty", "text/plain", "", kept, blob.ErrEmpty},
		{"NowhereToKeepIt", "text/plain", "x", none, blob.ErrStorage},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := c.shelf.Keep(declarer(t), attachment.Upload{Name: "x", Type: c.mediaType, Body: []byte(c.content)}); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestNothingElseIsOpened(t *testing.T) {
	t.Parallel()
	lost := attachment.Document{Key: "sha256/ab/ab", SHA256: "ab"}
	for _, c := range []struct {
		name, sha256 string
		shelf        attachment.Shelf
		want         error
	}{
		{"NotAttached", "cd", inMemory(t), attachment.ErrNone},
		{"NotAttachedAndNoStore", "cd", attachment.Shelf{}, attachment.ErrNone},
		{"NoStore", "ab", attachment.Shelf{}, blob.ErrStorage},
		{"NotInTheStore", "ab", inMemory(t), blob.ErrNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := c.shelf.Open(t.Context(), []attachment.Document{lost}, c.sha256); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestTheSameContentStandsOnceAnItem(t *testing.T) {
	t.Parallel()
	var all []attachment.Document
	for _, d := range []attachment.Document{
		{SHA256: "a", Item: "basis", Name: "first"},
		{SHA256: "a", Item: "build_plan"},
		{SHA256: "b", Item: "basis"},
		{SHA256: "a", Item: "basis", Name: "again"},
	} {
		all = attachment.Add(all, d)
	}
	if len(all) != 3 || all[2].Name != "again" {
		t.Errorf("%+v", all)
	}
}

func TestAnUploadHasANameAndAFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		upload attachment.Upload
		want   string
	}{
		{"Both", attachment.Upload{Name: "a.txt", Body: []byte("x")}, ""},
		{"Neither", attachment.Upload{}, "name body"},
		{"LongName", attachment.Upload{Name: strings.Repeat("名", 201), Body: []byte("x")}, "name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			if err := c.upload.Validate(); err != nil {
				for _, v := range fault.From(err).Violations {
					got = append(got, v.Field)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%v, want %q", got, c.want)
			}
		})
	}
}
