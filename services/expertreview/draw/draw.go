// Package draw draws experts at random in a way that anyone can repeat from
// what is published: the pool as it stood, the seed, and who was left out and
// why. It is pure.
//
// Every expert of the pool gets the ticket HMAC-SHA-256(seed, id). Those left
// out are set aside with their reason; of the rest the smallest tickets are
// drawn. Whoever knows the pool cannot choose a seed that favours an expert
// without trying, and the seed is made by the service, after the pool is fixed.
package draw

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// Candidate is one expert of the pool as it stood at the draw.
type Candidate struct {
	ID      string   `json:"id"`
	Unit    string   `json:"unit"`   // employer
	Fields  []string `json:"fields"` // of expertise
	Load    int      `json:"load"`   // panels under way
	Exclude string   `json:"-"`      // why the expert may not be drawn; empty = may
}

// Exclusion is one expert set aside.
type Exclusion struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// Result is a draw, complete enough to be repeated.
type Result struct {
	Seed       string      `json:"seed"`        // hex, 32 bytes
	PoolSHA256 string      `json:"pool_sha256"` // of the pool's canonical form
	Drawn      []string    `json:"drawn"`       // ids, in draw order
	Excluded   []Exclusion `json:"excluded"`
}

// ErrTooFew says that the pool does not hold enough experts who may be drawn.
var ErrTooFew = errors.New("too few experts may be drawn")

// Draw draws n of the pool. When too few may be drawn it says who was set
// aside and why, with ErrTooFew.
func Draw(pool []Candidate, seed []byte, n int) (Result, error) {
	sorted := slices.Clone(pool)
	slices.SortFunc(sorted, func(a, b Candidate) int { return strings.Compare(a.ID, b.ID) })
	canonical, err := json.Marshal(sorted)
	if err != nil {
		return Result{}, err
	}
	sum := sha256.Sum256(canonical)
	r := Result{Seed: hex.EncodeToString(seed), PoolSHA256: hex.EncodeToString(sum[:]), Drawn: []string{}, Excluded: []Exclusion{}}
	type ticket struct {
		id    string
		value []byte
	}
	var tickets []ticket
	for _, c := range sorted {
		if c.Exclude != "" {
			r.Excluded = append(r.Excluded, Exclusion{c.ID, c.Exclude})
			continue
		}
		mac := hmac.New(sha256.New, seed)
		mac.Write([]byte(c.ID))
		tickets = append(tickets, ticket{c.ID, mac.Sum(nil)})
	}
	if len(tickets) < n {
		return r, ErrTooFew
	}
	slices.SortFunc(tickets, func(a, b ticket) int { return bytes.Compare(a.value, b.value) })
	for _, t := range tickets[:n] {
		r.Drawn = append(r.Drawn, t.id)
	}
	return r, nil
}
