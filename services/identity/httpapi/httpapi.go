// Package httpapi is the JSON face of the identity service, and the two
// documents by which others verify its tokens.
package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"egov/libs/op"
	"egov/services/identity"
	"egov/services/identity/throttle"
)

// Mount puts every operation of the service on the API.
func Mount(a *op.API, s *identity.Service, proxies throttle.Proxies) {
	admin, authority := op.Roles("account_admin"), op.Roles("account_admin", "supervisor")
	readers := op.Roles("account_admin", "supervisor", "auditor")

	op.Handle(a, "POST /v1/sessions", "SignIn", "Sign in with account and password; optionally on behalf of an absent account", func(ctx context.Context, r identity.SignIn) (identity.Grant, error) {
		r.Address = proxies.Caller(r.Address, r.Forward)
		return s.SignIn(ctx, r)
	}, op.Public())
	op.Handle(a, "POST /v1/sessions/refresh", "RefreshSession", "Exchange a refresh token, good once, for the next pair of tokens", s.Refresh, op.Public())
	op.Handle(a, "POST /v1/sessions/revoke", "RevokeSession", "Sign out: end the session of a refresh token", s.SignOut, op.Public())

	op.Handle(a, "GET /v1/me", "GetMe", "Who the caller is, and for whom it may act", s.Me)
	op.Handle(a, "PUT /v1/me/password", "ChangePassword", "Replace the caller's password; all its sessions end and a new one begins", func(ctx context.Context, r identity.ChangePassword) (identity.Grant, error) {
		r.Address = proxies.Caller(r.Address, r.Forward)
		return s.ChangePassword(ctx, r)
	})

	op.Describe[KeySet](a, "GET "+KeysPath, "GetKeys", "The keys by which anyone checks access tokens (RFC 7517)")
	op.Describe[Discovery](a, "GET "+discoveryPath, "GetDiscovery", "Who issues access tokens, and where the keys are (OpenID Connect Discovery)")

	op.Handle(a, "POST /v1/accounts", "RequestAccount", "Ask for an account", s.Request, authority, op.Created())
	op.Handle(a, "GET /v1/accounts", "ListAccounts", "Accounts the caller may see, newest first", s.List, readers)
	op.Handle(a, "GET /v1/accounts/{id}", "GetAccount", "One account", s.Get, readers)
	op.Handle(a, "POST /v1/accounts/{id}/approve", "ApproveAccount", "Open an account after a recorded review by another person", s.Approve, authority)
	op.Handle(a, "POST /v1/accounts/{id}/reject", "RejectAccount", "Turn the request for an account down", s.Reject, authority)
	op.Handle(a, "POST /v1/accounts/{id}/disable", "DisableAccount", "Close an account and end its sessions", s.Disable, authority)
	op.Handle(a, "POST /v1/accounts/{id}/reinstate", "ReinstateAccount", "Ask for a closed account again", s.Reinstate, authority)
	op.Handle(a, "POST /v1/accounts/{id}/review", "ReviewAccount", "Record the periodic review of an account's roles", s.Review, authority)
	op.Handle(a, "POST /v1/accounts/{id}/unlock", "UnlockAccount", "Lift the lock that wrong passwords put on an account", s.Unlock, admin)
	op.Handle(a, "POST /v1/accounts/{id}/password-reset", "ResetPassword", "Give an account a one-time password; it is shown once", s.ResetPassword, admin)
	op.Handle(a, "POST /v1/accounts/{id}/roles", "RequestRole", "Ask for a further role of an account", s.RequestRole, authority)
	op.Handle(a, "POST /v1/accounts/{id}/roles/{role}/grant", "GrantRole", "Grant a role after a recorded review by another person", s.GrantRole, authority)
	op.Handle(a, "POST /v1/accounts/{id}/roles/{role}/reject", "RejectRole", "Turn the request for a role down", s.RejectRole, authority)
	op.Handle(a, "POST /v1/accounts/{id}/roles/{role}/revoke", "RevokeRole", "Take a role from an account", s.RevokeRole, authority)

	op.Handle(a, "POST /v1/delegations", "GrantDelegation", "Hand roles to another account of the unit for a time", s.Delegate, op.Created())
	op.Handle(a, "POST /v1/delegations/{id}/end", "EndDelegation", "End a delegation before its last day", s.EndDelegation)
	op.Handle(a, "GET /v1/delegations", "ListDelegations", "Delegations the caller may see, newest first", s.ListDelegations)

	op.Handle(a, "GET /v1/units", "ListUnits", "The directory of units", s.Directory)
	op.Handle(a, "GET /v1/units/{id}", "GetUnit", "One unit of the directory", s.Entry)
	op.Handle(a, "POST /v1/units", "RegisterUnit", "Enter a unit into the directory", s.Register, admin, op.Created())
	op.Handle(a, "PUT /v1/units/{id}", "AmendUnit", "Replace what the directory says about a unit", s.Amend, authority)
	op.Handle(a, "POST /v1/units/{id}/succession", "SucceedUnit", "Pass a unit's duties and seat to its successor", s.Succeed, admin)

	op.Handle(a, "GET /v1/duties", "GetDuties", "Roles, incompatible duties, and the rules of passwords and sessions", func(context.Context, struct{}) (identity.Duties, error) {
		return s.Duties, nil
	})
	op.Handle(a, "GET /v1/keys", "ListKeys", "The register of signing keys, newest first", s.ListKeys, op.Roles("operator", "account_admin", "auditor"))
	op.Handle(a, "POST /v1/keys/rotate", "RotateKeys", "Make the key that signs next", s.Rotate, op.Roles("operator"))

	op.Handle(a, "GET /v1/event-keys", "ListEventKeys", "The register of the keys by which services sign what they state", s.ListEventKeys, op.Roles("operator", "account_admin", "auditor"))
	op.Handle(a, "GET /v1/service-keys", "ListServiceKeys", "What operators said of services' keys, newest first", s.ListServiceKeys, op.Roles("operator", "account_admin", "auditor"))
	op.Handle(a, "POST /v1/service-keys", "RequestServiceKey", "Ask for a service's key to be believed", s.RequestKey, op.Roles("operator"), op.Created())
	op.Handle(a, "POST /v1/service-keys/{id}/enrol", "EnrolServiceKey", "Have a key believed that another operator asked for", s.Enrol, op.Roles("operator"))
	op.Handle(a, "POST /v1/service-keys/{id}/reject", "RejectServiceKey", "Turn the request for a key down, or withdraw it", s.RejectKey, op.Roles("operator"))
	op.Handle(a, "POST /v1/service-keys/{id}/revoke", "RevokeServiceKey", "Have a key prove nothing any more, whichever register lists it", s.RevokeKey, op.Roles("operator"))

	op.Handle(a, "POST /v1/holidays", "PublishHolidays", "Publish a holiday notice or an order of the district; clocks that run are counted anew", s.Publish, op.Roles("operator"), op.Created())
	op.Handle(a, "GET /v1/holidays", "ListHolidays", "What is published about holidays, the latest first", s.ListHolidays)
}

// KeysPath is where the published keys are.
const KeysPath = "/.well-known/jwks.json"

const discoveryPath = "/.well-known/openid-configuration"

// KeySet is the form of the published keys.
type KeySet struct {
	Keys []struct {
		Type      string `json:"kty"` // OKP
		Curve     string `json:"crv"` // Ed25519
		ID        string `json:"kid"`
		Algorithm string `json:"alg"` // EdDSA
		Use       string `json:"use"` // sig
		Point     string `json:"x"`   // base64url
	} `json:"keys"`
}

// keysAge is how long a verifier may keep the published keys, in seconds; it
// lies well below the time for which a key is published before it signs.
const keysAge = "300"

// Discovery is the OpenID Connect discovery document. It names what verifiers
// need; there is no browser redirect flow, so it names no endpoint of one.
type Discovery struct {
	Issuer        string   `json:"issuer"`
	KeysURL       string   `json:"jwks_uri"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
	SubjectTypes  []string `json:"subject_types_supported"`
	ResponseTypes []string `json:"response_types_supported"`
	GrantTypes    []string `json:"grant_types_supported"`
	Claims        []string `json:"claims_supported"`
}

// MountKeys serves the published keys (RFC 7517) and the discovery document, to
// anyone: they hold no secret.
func MountKeys(mux *http.ServeMux, issuer, keysURL string, keySet func() ([]byte, error)) error {
	doc, err := json.Marshal(Discovery{
		Issuer: issuer, KeysURL: keysURL, Algorithms: []string{"EdDSA"}, SubjectTypes: []string{"public"},
		ResponseTypes: []string{"token"}, GrantTypes: []string{"password", "refresh_token"},
		Claims: strings.Fields("sub iss aud iat exp name unit unit_kind parent_unit roles district on_behalf_of"),
	})
	if err != nil {
		return err
	}
	mux.HandleFunc("GET "+KeysPath, func(w http.ResponseWriter, r *http.Request) {
		set, err := keySet()
		if err != nil {
			op.WriteProblem(r.Context(), err, w)
			return
		}
		w.Header().Set("Content-Type", "application/jwk-set+json")
		w.Header().Set("Cache-Control", "public, max-age="+keysAge)
		_, _ = w.Write(set) // the client is gone when this fails
	})
	mux.HandleFunc("GET "+discoveryPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "public, max-age="+keysAge)
		_, _ = w.Write(doc) // the client is gone when this fails
	})
	return nil
}
