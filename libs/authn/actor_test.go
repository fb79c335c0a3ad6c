package authn_test

import (
	"slices"
	"testing"

	"egov/libs/authn"
)

func TestAccountsUndoActor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		p    authn.Principal
		want []string
	}{
		{"alone", authn.Principal{Subject: "li.lei"}, []string{"li.lei"}},
		{"for another", authn.Principal{Subject: "li.lei", OnBehalfOf: "han.mei"}, []string{"li.lei", "han.mei"}},
		{"nobody", authn.Principal{}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := authn.Accounts(c.p.Actor()); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestIsAnyFindsBothNames(t *testing.T) {
	t.Parallel()
	own := []string{"han.mei"}
	for _, c := range []struct {
		name string
		p    authn.Principal
		want bool
	}{
		{"the same account", authn.Principal{Subject: "han.mei"}, true},
		{"a delegate", authn.Principal{Subject: "li.lei", OnBehalfOf: "han.mei"}, true},
		{"somebody else", authn.Principal{Subject: "li.lei"}, false},
		{"nobody", authn.Principal{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.p.IsAny(own); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}
