package policy_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"egov/libs/policy/packs"
)

// packFiles is a copy of a shipped pack that a test may change.
func packFiles(tb testing.TB, id string) fstest.MapFS {
	tb.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(packs.FS, id+"/*.yaml")
	if err != nil || len(names) == 0 {
		tb.Fatalf("no files of %s: %v", id, err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(packs.FS, name)
		if err != nil {
			tb.Fatal(err)
		}
		files[name[len(id)+1:]] = &fstest.MapFile{Data: data}
	}
	return files
}

// packFolder puts the files of a pack into a folder.
func packFolder(files fstest.MapFS, folder string) fstest.MapFS {
	outer := fstest.MapFS{}
	for name, f := range files {
		outer[folder+"/"+name] = f
	}
	return outer
}
