package dataresource

import (
	"context"
	"fmt"
	"slices"

	"egov/libs/fault"
	"egov/libs/idcode"
)

// The kinds of code by which data are collected: the credit code of a body, the
// id number of a person (SH16-D-13). stable: they are values of requests.
const (
	kindCredit = "credit_code"
	kindPerson = "id_number"
)

// wellFormed tells by kind of code whether a value can be one.
var wellFormed = map[string]func(string) bool{kindCredit: idcode.CreditCode, kindPerson: idcode.IDNumber}

// codeOf is the code that identifies whom a resource is about.
var codeOf = map[string]string{"person": kindPerson, "organisation": kindCredit}

// baseRegisters are the registers that are joined and shared first (XA18-21,
// SH12-27). stable: they are values of requests.
var baseRegisters = []string{"population", "legal_person", "spatial", "macro_economy"}

// checkBase holds a base register to what it is for: it is shared first, so the
// keys by which others join it are not withheld (XA18-21, SH12-27).
func (r *SubmitCatalogue) checkBase(c *fault.Checks) {
	if r.BaseRegister == "" {
		return
	}
	oneOf(c, r.BaseRegister, "base_register", "XA18-21", baseRegisters...)
	for i, x := range r.Items {
		c.Require(x.ShareClass != notShared || !x.Key && !x.Identifies, fmt.Sprintf("items[%d].share_class", i), "base_key_withheld",
			"基础数据资源的主键、标识不得列为不共享", "keys and identifiers of a base register are shared", "XA18-21", "SH12-27")
	}
}

// checkIdentity holds one item to its sensitivity and its identifying code. What
// is a state secret is turned away (YP23-M-37); a wrong code is not repeated in
// the answer (SH16-D-13).
func (i *Item) checkIdentity(c *fault.Checks, at string) {
	if c.Require(i.Sensitivity != "state_secret", at+"sensitivity", "classified",
		"涉密数据不得在本系统编目，请按保密规定办理", "state secrets are not described here; follow the secrecy procedure", "YP23-M-37") && i.Sensitivity != "" {
		oneOf(c, i.Sensitivity, at+"sensitivity", "SH16-D-15", "personal", "commercial")
	}
	if i.About != "" {
		oneOf(c, i.About, at+"about", "SH16-D-13", "person", "organisation")
	}
	c.Require(!i.Identifies || i.About != "", at+"about", "required",
		"标识字段须说明所描述的对象", "an identifying field says whom the resource is about", "SH16-D-13")
	if i.Example == "" || !c.Require(i.Identifies, at+"example", "not_applicable", "只有标识字段可填示例", "only an identifying field has an example", "SH16-D-13") {
		return
	}
	valid, known := wellFormed[codeOf[i.About]]
	c.Require(!known || valid(i.Example), at+"example", "bad_identifier",
		"不是有效的统一社会信用代码或身份证号", "not a valid credit code or id number", "SH16-D-13")
}

// checkIdentified wants every resource about people or bodies to have a field
// with their code: it is what they are identified by (SH16-D-13).
func checkIdentified(c *fault.Checks, items []Item) {
	about := map[string]string{}
	identified := map[string]bool{}
	var order []string
	for i, x := range items {
		was, seen := about[x.Resource]
		if !seen {
			order = append(order, x.Resource)
			about[x.Resource] = x.About
		}
		c.Require(!seen || was == x.About, fmt.Sprintf("items[%d].about", i), "contradiction",
			"同一资源的对象须一致", "all items of a resource are about the same", "SH16-D-13")
		identified[x.Resource] = identified[x.Resource] || x.Identifies
	}
	for _, resource := range order {
		c.Require(about[resource] == "" || identified[resource], "items", "no_identifier",
			"资源“"+resource+"”须以统一社会信用代码或身份证号为标识", "resource "+resource+" is identified by credit code or id number", "SH16-D-13")
	}
}

// masked is the items as they are kept: no code is shown whole (SH16-D-13).
func masked(items []Item) []Item {
	kept := slices.Clone(items)
	for i := range kept {
		if kept[i].Example != "" {
			kept[i].Example = idcode.Masked(kept[i].Example)
		}
	}
	return kept
}

// CheckIdentifiers asks whether codes are well-formed, before data are collected
// by them.
type CheckIdentifiers struct {
	Kind   string   `json:"kind" required:"true" enum:"credit_code,id_number"`
	Values []string `json:"values" required:"true"`
}

// maxCodes bounds one check.
const maxCodes = 1000

// Validate wants a known kind and at least one code.
func (r *CheckIdentifiers) Validate() error {
	var c fault.Checks
	oneOf(&c, r.Kind, "kind", "SH16-D-13", kindCredit, kindPerson)
	c.Require(len(r.Values) > 0 && len(r.Values) <= maxCodes, "values", "out_of_range",
		fmt.Sprintf("须有1至%d个代码", maxCodes), fmt.Sprintf("1 to %d codes", maxCodes), "SH16-D-13")
	return c.Err()
}

// CheckedIdentifiers is the answer, in the order of the values.
type CheckedIdentifiers struct {
	Items   []CheckedIdentifier `json:"items"`
	Invalid int                 `json:"invalid"`
}

// CheckedIdentifier is one code as people may see it.
type CheckedIdentifier struct {
	Masked string `json:"masked"`
	Valid  bool   `json:"valid"`
}

// CheckIdentifiers tells which codes are well-formed. It keeps none, and gives
// none back whole (SH16-D-13).
func (s *Service) CheckIdentifiers(_ context.Context, r CheckIdentifiers) (CheckedIdentifiers, error) {
	out := CheckedIdentifiers{Items: make([]CheckedIdentifier, len(r.Values))}
	for i, v := range r.Values {
		x := CheckedIdentifier{Masked: idcode.Masked(v), Valid: wellFormed[r.Kind](v)}
		if !x.Valid {
			out.Invalid++
		}
		out.Items[i] = x
	}
	return out, nil
}
