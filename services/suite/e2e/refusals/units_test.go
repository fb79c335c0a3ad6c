package refusals_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"egov/services/suite"
)

// kept is one row with whom it concerns.
type kept struct {
	id      string
	parties []string
}

// perTable bounds how many rows of one table are asked for.
const perTable = 8

// tryUnits has people of one unit read and change what is another's, over HTTP.
func tryUnits(t *testing.T, g *ground) {
	accounts, err := suite.DemoAccounts()
	if err != nil {
		t.Fatal(err)
	}
	var people []grant
	for _, a := range accounts {
		people = append(people, g.signIn(t, a.Name))
	}
	s := identityKey(t, g)
	for _, service := range suite.Databases() {
		super := connect(t, g.Postgres.SuperuserURL(service))
		tables := map[string]bool{}
		for _, r := range relations(t, super) {
			tables[r.name] = r.aggregate
		}
		for _, o := range g.operations(t, service) {
			table := tableOf(o.path)
			if !tables[table] {
				continue
			}
			found := keptIn(t, super, table)
			switch {
			case everybodys[o.id]:
			case o.method == http.MethodGet:
				tryReading(t, g, o, found, people)
			default:
				tryChanging(t, g, s, o, found, people)
			}
		}
	}
}

// everybodys are the operations on what is for whoever is signed in: the
// directory of units.
var everybodys = map[string]bool{"GetUnit": true}

// tableOf is the table of an operation on one aggregate, by its path:
// /v1/cloud-requests/{id}/grant is about cloud_request.
func tableOf(path string) string {
	segments := strings.Split(strings.TrimPrefix(path, "/v1/"), "/")
	if len(segments) < 2 || segments[1] != "{id}" {
		return ""
	}
	return strings.ReplaceAll(strings.TrimSuffix(segments[0], "s"), "-", "_")
}

// keptIn are some rows of a table, with as many different parties as there are.
func keptIn(t *testing.T, super *pgx.Conn, table string) []kept {
	t.Helper()
	found, err := super.Query(t.Context(), fmt.Sprintf("SELECT DISTINCT ON (parties) id, parties FROM %s ORDER BY parties, id LIMIT %d", pgx.Identifier{table}.Sanitize(), perTable))
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (k kept, err error) { return k, row.Scan(&k.id, &k.parties) })
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// concerns reports whether somebody is a party of a row.
func (k kept) concerns(p grant) bool {
	return slices.Contains(k.parties, p.Principal.Unit) || slices.Contains(k.parties, p.Principal.Subject)
}

func holds(p grant, roles []string) bool {
	return len(roles) == 0 || slices.ContainsFunc(p.Principal.Roles, func(r string) bool { return slices.Contains(roles, r) })
}

// notFound is the answer to who asks for what does not concern him, as for what
// is not there.
const notFound = "404 not_found"

func tryReading(t *testing.T, g *ground, o operation, found []kept, people []grant) {
	t.Helper()
	l := line{seeing, "a person of another unit, with the operation's role", "read what does not concern the unit or the account", "a person of a party; an auditor"}
	for _, k := range found {
		for _, p := range people {
			if !holds(p, o.roles) {
				continue
			}
			status, b := ask(t, call{method: "GET", url: g.at(o, k.id), token: p.Access})
			if k.concerns(p) || slices.Contains(p.Principal.Roles, "auditor") {
				if status == http.StatusOK {
					g.book.passed(l)
				}
				continue
			}
			g.refusesRequest(t, l, o.service+" "+o.path+" "+k.id+" by "+p.Principal.Subject, status, b, notFound)
		}
	}
}

// tryChanging sends each act on what is another's with the role for it: as a
// person of the district who has it, and with a token that identity would never
// make, of that role in a unit of nobody. The version it names is of the far
// future, so that who may act is stopped there.
func tryChanging(t *testing.T, g *ground, s signer, o operation, found []kept, people []grant) {
	t.Helper()
	l := line{seeing, "a person of another unit, with the operation's role", "change what does not concern the unit or the account", "a person of a party, stopped by a version of the far future alone"}
	body, err := json.Marshal(o.some())
	if err != nil {
		t.Fatal(err)
	}
	act := call{method: o.method, body: string(body), header: map[string]string{"If-Match": `"v1000000000"`}}
	for _, k := range found {
		act.url = g.at(o, k.id)
		for _, role := range o.roles {
			if role == "auditor" {
				continue // who audits has no unit to be bound to
			}
			act.token = token(t, s.header(), s.with(map[string]any{"sub": "nobody.at-all", "unit": stranger, "roles": []string{role}}), s.sign)
			status, b := ask(t, act)
			g.refusesRequest(t, l, o.service+" "+o.method+" "+o.path+" as "+role+" of nobody's unit", status, b, notFound)
		}
		for _, p := range people {
			if !holds(p, o.roles) {
				continue
			}
			if !k.concerns(p) {
				act.token = p.Access
				status, b := ask(t, act)
				g.refusesRequest(t, l, o.service+" "+o.method+" "+o.path+" "+k.id+" by "+p.Principal.Subject, status, b, notFound)
				continue
			}
			act.token = p.Access
			if status, b := ask(t, act); status == http.StatusPreconditionFailed {
				g.book.passed(l)
			} else if status < 300 {
				t.Errorf("%s %s: a version of the far future is taken: %s", o.method, o.path, b)
			}
		}
	}
}
