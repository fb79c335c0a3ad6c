// Package seed enters the units and accounts that a district begins with, from
// a YAML file and under the same rules as any later one. What is there already
// stays as it is, so entering twice changes nothing; the file is itself the
// recorded request and review (SH12-P-9). The demonstration district is built
// in.
package seed

import (
	"bytes"
	"context"
	_ "embed" // the demonstration district
	"errors"
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"

	"egov/libs/fault"
	"egov/services/identity"
)

//go:embed yangpu-demo.yaml
var demo []byte

// District is what a district begins with.
type District struct {
	Document string    `yaml:"document"` // what the entries rest on, as their recorded reason
	Reviewer string    `yaml:"reviewer"` // the responsible head who reviewed the roles
	Opinion  string    `yaml:"opinion"`
	Units    []Unit    `yaml:"units"` // a supervising unit before those it supervises
	Accounts []Account `yaml:"accounts"`
}

// Unit is one unit.
type Unit struct {
	Code       string `yaml:"code"`
	Name       string `yaml:"name"`
	NameEN     string `yaml:"name_en"`
	Kind       string `yaml:"kind"`
	Parent     string `yaml:"parent"`
	Leader     string `yaml:"leader"`
	Department string `yaml:"department"`
	Seat       bool   `yaml:"seat"`
}

// Account is one account.
type Account struct {
	Account string   `yaml:"account"`
	Name    string   `yaml:"name"`
	Unit    string   `yaml:"unit"`
	Roles   []string `yaml:"roles"`
}

// Demo is the demonstration district: Yangpu's units and one account or more
// for every role. Its people are made up.
func Demo() (District, error) { return Read(demo) }

// File reads a district from a file.
func File(path string) (District, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return District{}, fmt.Errorf("seed: %w", err)
	}
	return Read(b)
}

// Read decodes a district; unknown keys are errors.
func Read(b []byte) (District, error) {
	var d District
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&d); err != nil {
		return d, fmt.Errorf("seed: %w", err)
	}
	return d, nil
}

// Enter enters what is not there yet. Every account gets the password, which
// has to meet the district's rules; unless it is kept, it is a one-time one. An
// entry that breaks a rule is an error that names it; the entries before it
// stay.
func (d District) Enter(ctx context.Context, s *identity.Service, password string, keep bool) error {
	for _, u := range d.Units {
		err := s.SeedUnit(ctx, identity.RegisterUnit{Code: u.Code, Kind: u.Kind, Seat: u.Seat, Portrait: identity.Portrait{
			Name: u.Name, NameEN: u.NameEN, Parent: u.Parent, Leader: u.Leader, Department: u.Department,
		}})
		if err != nil {
			return fmt.Errorf("seed: unit %s: %w", u.Code, err)
		}
	}
	if len(d.Accounts) == 0 {
		return nil
	}
	var c fault.Checks
	s.Duties.Password.Acceptable(&c, "", password, "demo_password")
	if err := c.Err(); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	// One hash for all: the password is one that all of them know.
	hash, err := s.Passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	var errs []error
	for _, a := range d.Accounts {
		err := s.SeedAccount(ctx, identity.Seed{
			RequestAccount: identity.RequestAccount{Account: a.Account, Name: a.Name, Unit: a.Unit, Roles: a.Roles, Reason: d.Document},
			Verdict:        identity.Verdict{Reviewer: d.Reviewer, Opinion: d.Opinion},
			PasswordHash:   hash, Ageless: keep, OneTime: !keep,
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("seed: account %s: %w", a.Account, err))
		}
	}
	return errors.Join(errs...)
}
