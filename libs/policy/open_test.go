package policy_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"egov/libs/policy"
)

// elsewhere is the pack of 2021 as another district's.
func elsewhere(t *testing.T) fstest.MapFS {
	t.Helper()
	files := maps.Clone(packFiles(t, "yangpu-2021"))
	header := strings.NewReplacer("id: yangpu-2021", "id: qinglan-2025", "district: yangpu", "district: qinglan")
	files["pack.yaml"] = &fstest.MapFile{Data: []byte(header.Replace(string(files["pack.yaml"].Data)))}
	return files
}

func TestReadOnePackOrAFolderForEach(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		files fstest.MapFS
	}{
		{"the pack itself", elsewhere(t)},
		{"a folder of it", packFolder(elsewhere(t), "some")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			list, err := policy.Read(c.files)
			if err != nil || len(list) != 1 || list[0].ID() != "qinglan-2025" {
				t.Fatalf("%v, %v", list, err)
			}
		})
	}
	for name, files := range map[string]fstest.MapFS{"nothing": {}, "no pack": {"notes.txt": {}}} {
		if _, err := policy.Read(files); !errors.Is(err, policy.ErrInvalidPack) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestASetTakesInADistrict beside those it has, and no id twice.
func TestASetTakesInADistrict(t *testing.T) {
	t.Parallel()
	list, err := policy.Read(elsewhere(t))
	if err != nil {
		t.Fatal(err)
	}
	set, err := policy.Default().With(list...)
	if err != nil {
		t.Fatal(err)
	}
	from, _ := list[0].Validity()
	for district, want := range map[string]string{"qinglan": "qinglan-2025", "": "yangpu-2021"} {
		if p, err := set.ForDate(district, from); err != nil || p.ID() != want {
			t.Errorf("%q: %v, %v", district, p, err)
		}
	}
	if _, err := policy.Default().ByID("qinglan-2025"); err == nil {
		t.Error("the default set changed")
	}
	if _, err := set.With(list...); !errors.Is(err, policy.ErrInvalidPack) {
		t.Errorf("one id twice: %v", err)
	}
}
