// Package packschema writes the JSON Schemas of the files of a rule pack, for
// the editors of people who write packs. Package policy makes them from the
// form in which it reads a pack; the tests here hold them, and every pack of
// the repository, against a validator that is not ours.
package packschema

import (
	"os"
	"path/filepath"

	"egov/libs/policy"
	"egov/libs/policy/schema"
)

//go:generate go run ../cmd/packschema -o ../../libs/policy/schema

// Write writes one schema per file of a pack into a folder.
func Write(dir string) error {
	all, err := policy.Schemas()
	if err != nil {
		return err
	}
	for file, text := range all {
		if err := os.WriteFile(filepath.Join(dir, schema.Name(file)), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
