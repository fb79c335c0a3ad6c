// Package duties reads the district's rules about accounts, roles and sessions
// (identity.Duties) from YAML. The rules of Yangpu are built in.
package duties

import (
	"bytes"
	_ "embed" // the built-in rules
	"fmt"

	"go.yaml.in/yaml/v3"

	"egov/services/identity"
)

//go:embed yangpu.yaml
var yangpu []byte

// Default gives the built-in rules.
func Default() (identity.Duties, error) { return Read(yangpu) }

// Read decodes rules; an unknown key or a contradiction is an error that names
// its place.
func Read(b []byte) (identity.Duties, error) {
	var d identity.Duties
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&d); err != nil {
		return d, fmt.Errorf("rules about accounts: %w", err)
	}
	if err := d.Check(); err != nil {
		return d, fmt.Errorf("rules about accounts: %w", err)
	}
	return d, nil
}
