package authn

import (
	"slices"
	"strings"
)

// delegation stands between the two names of an actor who acts for another.
const delegation = " for "

// Accounts are the accounts behind a recorded actor: one, or two where one
// account acted for another.
func Accounts(actor string) []string {
	if actor == "" {
		return nil
	}
	return strings.Split(actor, delegation)
}

// IsAny reports whether p is, or acts for, one of the accounts: what keeps
// people from deciding about their own work.
func (p Principal) IsAny(accounts []string) bool {
	return slices.Contains(accounts, p.Subject) || p.OnBehalfOf != "" && slices.Contains(accounts, p.OnBehalfOf)
}
