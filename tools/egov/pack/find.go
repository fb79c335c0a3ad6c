package pack

import (
	"os"
	"path/filepath"

	"egov/libs/policy"
	"egov/tools/egov/cli"
)

// IsDir reports whether a pack is named by its directory instead of its id.
func IsDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// Find gives the pack that a person names: the one in a directory, else one of
// the suite by its id.
func Find(name string) (*policy.Pack, error) {
	if !IsDir(name) {
		if filepath.Base(name) != name {
			return nil, cli.Usage("没有这个目录："+name, "no such directory: "+name)
		}
		return policy.Default().ByID(name)
	}
	return policy.Load(os.DirFS(name))
}
