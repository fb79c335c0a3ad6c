package policy_test

import (
	"testing"

	"egov/libs/policy"
)

func TestEveryPackMeetsItsCases(t *testing.T) {
	t.Parallel()
	for _, p := range policy.Default().Packs() {
		t.Run(p.ID(), func(t *testing.T) {
			t.Parallel()
			for _, e := range p.Examples() {
				t.Run(e.Name, func(t *testing.T) {
					t.Parallel()
					if err := p.Try(e); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}
