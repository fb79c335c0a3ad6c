// Package schema carries the JSON Schemas (2020-12) of the files of a rule
// pack, one per file: routes.schema.json describes routes.yaml. They are for
// editors, which complete keys and show what they mean while a pack is written.
//
// They are made by `make generate` from the form in which package policy reads
// a pack, and promise to know the same keys. They know no codes, provisions or
// expressions: `egov pack check` does.
package schema

import (
	"embed"
	"strings"
)

// FS holds the schemas.
//
//go:embed *.schema.json
var FS embed.FS

// Name is the schema's file for a file of a pack: routes.schema.json for
// routes.yaml.
func Name(file string) string { return strings.TrimSuffix(file, ".yaml") + ".schema.json" }
