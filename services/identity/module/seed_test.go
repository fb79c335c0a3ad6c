package module_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	identityv1 "egov/proto/gen/egov/identity/v1"
	"egov/services/identity/module"
	"egov/services/identity/seed"
)

const smallDistrict = `
document: 初始账户清单〔2026〕1号
reviewer: 周启明
opinion: 同意
units:
  - {code: platform, name: 平台运维组, name_en: Platform Operations, kind: operations, leader: 沈立群, department: 平台运维组}
  - {code: gov-office, name: 区政府办公室, name_en: District Government Office, kind: administrative, seat: true, leader: 周启明, department: 电子政务科}
accounts:
  - {account: account-admin, name: 沈立群, unit: platform, roles: [account_admin]}
`

// A district that begins from its own file gives its first people a password
// to be changed, and has nobody else.
func TestSeedFile(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *module.Config) {
		c.Seed = filepath.Join(t.TempDir(), "district.yaml")
		if err := os.WriteFile(c.Seed, []byte(smallDistrict), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	p := w.signIn("account-admin")
	if !p.MustChangePassword || len(p.Principal.Roles) != 0 {
		t.Errorf("%+v", p.Grant)
	}
	p.get("/v1/accounts").Refused(403, "role_required")
	w.anybody().post("/v1/sessions", fields{"account": "edu.declarer", "password": demoPassword}).Refused(401, "sign_in_refused")
	if f := w.Stated("account-admin", &identityv1.AccountApproved{}); f.Data["review"] != "同意" {
		t.Errorf("%+v", f)
	}
}

func TestReadSeed(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"UnknownKey": "units: []\nmoons: 2\n", "WrongType": "units: 7\n"} {
		if _, err := seed.Read([]byte(text)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	if _, err := seed.File(filepath.Join(t.TempDir(), "none.yaml")); err == nil || !strings.Contains(err.Error(), "seed") {
		t.Errorf("a missing file: %v", err)
	}
}
