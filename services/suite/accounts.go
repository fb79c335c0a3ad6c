package suite

import "egov/services/identity/seed"

// Account is one account of the demonstration district.
type Account struct {
	Name   string // to sign in with
	Person string
	Unit   string // unit code
	Office string // the unit's name
	Roles  []string
}

// DemoAccounts lists the accounts that an installation with the demonstration
// district has, in the order of the duties.
func DemoAccounts() ([]Account, error) {
	d, err := seed.Demo()
	if err != nil {
		return nil, err
	}
	offices := map[string]string{}
	for _, u := range d.Units {
		offices[u.Code] = u.Name
	}
	list := make([]Account, len(d.Accounts))
	for i, a := range d.Accounts {
		list[i] = Account{Name: a.Account, Person: a.Name, Unit: a.Unit, Office: offices[a.Unit], Roles: a.Roles}
	}
	return list, nil
}
