package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"egov/libs/fault"
	"egov/libs/policy"
)

// FuzzLoad puts anything in the place of one file of a sound pack: it loads or is
// refused with every fault named in two languages and placed in a file, and
// whatever loads decides or refuses its own worked cases without breaking.
func FuzzLoad(f *testing.F) {
	sound := packFiles(f, "yangpu-2021")
	names := policy.Files()
	for i, name := range names {
		f.Add(uint8(i), string(sound[name].Data))
	}
	for _, x := range []struct{ file, text string }{
		{"codes.yaml", "steps:\n  - {code: a, zh: 甲, en: a, duty: handover, by: [b, b]}\n"},
		{"routes.yaml", "routes:\n  - {rule: a, route: review, strength: often, when: 'kind ==', basis: []}\npreparatory: [{}]\n"},
		{"checklist.yaml", "checklist:\n  - {item: basis, gate: nowhere, strength: reference, basis: [YP21-M-8]}\n  - {}\n"},
		{"gates.yaml", "gates: [{gate: a, zh: 甲, en: a, requires: [{requirement: b, fact: x, holds: 'true'}, {}]}]\n"},
		{"procedure.yaml", "quorum: {numerator: -1}\nprocurement: {asset_basis: [none], methods: [{}]}\nassessments: [{months: -3}]\n"},
		{"cost.yaml", "strength: [{when: classified}]\nlines: [{rule: a, at_most: 1, at_least: 2}]\ngroups: {hardware: [hardware]}\n"},
		{"notes.yaml", "notes: [{note: a, vary: {amount_fen: 'kind'}}]\n"},
		{"params.yaml", "params: [{param: kind, wan: 1, percent: 2}, {param: a, dated: [{from: 2020-01-01}, {from: 2019-01-01}]}]\n"},
		{"cases.yaml", "defaults: {kind: service}\ncases: [{name: a, case: {}, heard: [x], want: {gates: {nowhere: []}}}]\n"},
		{"pack.yaml", "id: &a x\nversion: *a\n"},
	} {
		f.Add(uint8(slices.Index(names, x.file)), x.text)
	}
	f.Fuzz(func(t *testing.T, file uint8, text string) {
		name := names[int(file)%len(names)]
		files := fstest.MapFS{}
		for n, data := range sound {
			files[n] = data
		}
		files[name] = &fstest.MapFile{Data: []byte(text)}
		p, err := policy.Load(files)
		if err == nil {
			err = p.Check()
		}
		if err == nil {
			return
		}
		if !errors.Is(err, policy.ErrInvalidPack) || len(fault.From(err).Violations) == 0 {
			t.Fatalf("%v", err)
		}
		for _, v := range fault.From(err).Violations {
			if v.Msg == "" || v.MsgEN == "" || v.Code == "" || !strings.Contains(v.Field, ".yaml") {
				t.Fatalf("%+v", v)
			}
		}
	})
}
