package declaration

import (
	"testing"

	"egov/libs/authn"
	"egov/libs/fault/faulttest"
)

// TestNobodyReviewsADeclarationTheyHadAPartIn (SH12-P-9): neither whoever wrote
// it nor whoever laid it, themselves or by a delegate, nor for whom that was
// done; a colleague does. A declaration from before all of them were kept knows
// who began it.
func TestNobodyReviewsADeclarationTheyHadAPartIn(t *testing.T) {
	t.Parallel()
	drafted := authn.Principal{Subject: "office.li"}
	submitted := authn.Principal{Subject: "office.han", OnBehalfOf: "office.mei"}
	whole := &Project{DeclaredBy: "office.li"}
	for _, by := range []authn.Principal{drafted, submitted, submitted} {
		whole.declaredBy(by)
	}
	if len(whole.Declarers) != 3 {
		t.Errorf("declared by %q", whole.Declarers)
	}
	early := &Project{DeclaredBy: "office.li"}
	for _, c := range []struct {
		name    string
		p       *Project
		by      authn.Principal
		refused bool
	}{
		{"who drafted it", whole, authn.Principal{Subject: "office.li"}, true},
		{"who submitted it", whole, authn.Principal{Subject: "office.han"}, true},
		{"for whom it was submitted", whole, authn.Principal{Subject: "office.mei"}, true},
		{"a delegate of the drafter", whole, authn.Principal{Subject: "office.wang", OnBehalfOf: "office.li"}, true},
		{"a delegate of whom it was submitted for", whole, authn.Principal{Subject: "office.wang", OnBehalfOf: "office.mei"}, true},
		{"a colleague", whole, authn.Principal{Subject: "office.wang"}, false},
		{"a colleague for a colleague", whole, authn.Principal{Subject: "office.wang", OnBehalfOf: "office.zhao"}, false},
		{"who drafted an early one", early, authn.Principal{Subject: "office.li"}, true},
		{"who submitted an early one", early, authn.Principal{Subject: "office.han"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.p.reviewedBy(c.by)
			if !c.refused {
				if err != nil {
					t.Error(err)
				}
				return
			}
			faulttest.RefusedOn(t, err, "SH12-P-9", "own_project")
		})
	}
}
