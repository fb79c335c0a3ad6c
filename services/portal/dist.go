package portal

import (
	"embed"
	"io/fs"
)

// The folder holds the built application after `make web`, and on a clean
// clone only the file that keeps it.
//
//go:embed all:web/dist
var dist embed.FS

// Pages is the web application as it was built when this binary was compiled.
func Pages() fs.FS {
	sub, err := fs.Sub(dist, "web/dist")
	if err != nil {
		panic(err) // unreachable: the name is a constant that is valid
	}
	return sub
}
