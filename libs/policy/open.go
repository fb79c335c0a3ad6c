package policy

import (
	"errors"
	"fmt"
	"io/fs"
)

// Read loads the packs below the root of fsys: the one pack that the root is,
// when it holds a pack.yaml, else one of every folder, in the order of their
// names. A place without any pack is ErrInvalidPack.
func Read(fsys fs.FS) ([]*Pack, error) {
	_, err := fs.Stat(fsys, headerFile)
	if err == nil {
		p, err := Load(fsys)
		return []*Pack{p}, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	var list []*Pack
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		sub, err := fs.Sub(fsys, e.Name())
		if err != nil {
			return nil, err
		}
		p, err := Load(sub)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", e.Name(), err)
		}
		list = append(list, p)
	}
	if len(list) == 0 {
		return nil, ErrInvalidPack.WithMsg("目录中没有规则包", "there is no pack in the directory")
	}
	return list, nil
}

// With is the set and further packs. Refused is what NewSet refuses: an id
// that is taken, two packs of a district in force on one day.
func (s *Set) With(more ...*Pack) (*Set, error) {
	return NewSet(s.district, append(s.Packs(), more...)...)
}
