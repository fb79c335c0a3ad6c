// Package packs carries the rule packs that come with the suite, as files. It
// promises nothing about their content; package policy loads and checks them.
package packs

import "embed"

// DefaultDistrict is the district whose rules hold where none is named.
const DefaultDistrict = "yangpu"

// FS has one folder per pack.
//
//go:embed */*.yaml
var FS embed.FS
