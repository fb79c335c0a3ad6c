// Package policy decides declarations by rules that are data. A pack is a
// folder of YAML with CEL expressions: the regulation of one district for one
// span of time, with its codes, thresholds, day counts, texts and provision
// ids. A Set holds packs and picks the one in force.
//
// The package promises: a pack that loads is complete and type-checked, every
// fault of one that does not is named with file, line and column; a loaded
// Pack is immutable and safe for concurrent use; the same case under the same
// pack version gives the same Decision, byte for byte; a case is either
// decided whole or refused with every violation at once; amounts are exact
// over the whole range of int64.
//
// It does not know any rule, code, threshold, rate or day count: those are the
// pack's. It reads no clock, keeps no state and grants no waiver: a finding
// that a conference decision overrides stays a finding here.
package policy

import "egov/libs/fault"

// Text is one text in the two languages of the suite.
type Text struct {
	ZH string `yaml:"zh" json:"zh"`
	EN string `yaml:"en" json:"en"`
}

// Strength says how hard a rule binds.
type Strength string

// The strengths. stable: they appear in decisions.
const (
	Must        Strength = "must"         // binds without exception
	InPrinciple Strength = "in_principle" // yields only to a reasoned, named conference decision
	Reference   Strength = "reference"    // guidance; a breach is a warning
)

// The refusals of this package, besides fault.InvalidInput.
var (
	// ErrNoPackInForce: no rules of the district are known for the date.
	ErrNoPackInForce = fault.New(fault.Invalid, "no_pack_in_force",
		"申报日期没有现行有效的规则包", "no rule pack is in force on the date")
	// ErrUnknownPack: the caller asked for a pack that is not loaded.
	ErrUnknownPack = fault.New(fault.Invalid, "unknown_pack",
		"没有这个规则包", "there is no such rule pack")
	// ErrCaseTooLarge: the document exceeds the caller's byte limit.
	ErrCaseTooLarge = fault.New(fault.Invalid, "case_too_large",
		"提交的内容过大", "the document is too large")
	// ErrInvalidPack: a pack does not load; the violations name file, line and
	// column.
	ErrInvalidPack = fault.New(fault.Invalid, "invalid_pack",
		"规则包不符合要求", "the rule pack does not meet the requirements")
	// ErrBrokenRule: a rule that passed its type check failed on a case, or no
	// route rule holds. It is a defect of the pack.
	ErrBrokenRule = fault.New(fault.Internal, "broken_rule",
		"规则包有缺陷，无法得出结论", "the rule pack is defective and gives no answer")
)
