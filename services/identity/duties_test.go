package identity_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"egov/libs/fault"
	"egov/services/identity"
	"egov/services/identity/duties"
	"egov/services/identity/seed"
)

func yangpu(t testing.TB) identity.Duties {
	t.Helper()
	d, err := duties.Default()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func codes(err error) string {
	if err == nil {
		return ""
	}
	var out []string
	for _, v := range fault.From(err).Violations {
		if len(v.Basis) == 0 || v.Msg == "" || v.MsgEN == "" {
			out = append(out, "INCOMPLETE")
		}
		out = append(out, v.Code)
	}
	return strings.Join(out, " ")
}

func TestHolds(t *testing.T) {
	t.Parallel()
	d := yangpu(t)
	bureau := identity.Unit{Code: "education", Kind: "administrative"}
	office := identity.Unit{Code: "gov-office", Kind: "administrative", Seat: true}
	treasury := identity.Unit{Code: "finance", Kind: "administrative", Seat: true}
	heir := identity.Unit{Code: "finance-new", Kind: "administrative", Succeeds: []string{"finance"}}
	agency := identity.Unit{Code: "agency-a", Kind: "third_party"}
	platform := identity.Unit{Code: identity.Platform, Kind: "operations"}
	audit := identity.Unit{Code: "audit", Kind: "administrative", Seat: true}
	for name, tt := range map[string]struct {
		unit  identity.Unit
		roles []string
		want  string
	}{
		"Declarer":                     {bureau, []string{"declarer"}, ""},
		"MemberAtSeat":                 {treasury, []string{"finance_officer", "member"}, ""},
		"MemberWithoutSeat":            {bureau, []string{"member"}, "role_needs_seat"},
		"SuccessorTakesTheDuty":        {heir, []string{"finance_officer"}, ""},
		"SuccessorWithoutTheSeat":      {heir, []string{"member"}, "role_needs_seat"},
		"DutyOfAnotherUnit":            {bureau, []string{"finance_officer"}, "role_not_of_unit"},
		"DeclarerOfAnAgency":           {agency, []string{"declarer"}, "role_not_of_unit_kind"},
		"SecretaryAndChair":            {office, []string{"secretary", "chair"}, "incompatible_duties"},
		"DeclarerAndSupervisor":        {bureau, []string{"declarer", "supervisor"}, "incompatible_duties"},
		"DeclarerAndFinance":           {treasury, []string{"declarer", "finance_officer"}, "incompatible_duties"},
		"DeclarerAndSecretary":         {office, []string{"declarer", "secretary"}, "incompatible_duties"},
		"AuditorAlone":                 {audit, []string{"auditor"}, ""},
		"AuditorWithAnything":          {audit, []string{"auditor", "member"}, "incompatible_duties"},
		"OperatorAndAccounts":          {platform, []string{"account_admin", "operator"}, "incompatible_duties"},
		"OperatorWithBusiness":         {platform, []string{"declarer", "operator"}, "role_not_of_unit_kind incompatible_duties"},
		"AdministratorOutsidePlatform": {bureau, []string{"account_admin"}, "role_not_of_unit"},
		"EveryReasonAtOnce":            {bureau, []string{"auditor", "declarer", "member"}, "role_not_of_unit role_needs_seat incompatible_duties incompatible_duties incompatible_duties"},
		"UnknownRole":                  {bureau, []string{"king"}, "unknown_role"},
		"NoRole":                       {bureau, nil, "required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := d.Holds(tt.unit, tt.roles)
			if got := codes(err); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if err != nil && !errors.Is(err, identity.ErrDuties) && !errors.Is(err, fault.InvalidInput) {
				t.Error(err)
			}
		})
	}
}

// What SH12-P-9 asks of a declarer holds for every role that judges projects,
// and nobody who reads or runs everything takes part in anything.
func TestSeparationIsComplete(t *testing.T) {
	t.Parallel()
	d := yangpu(t)
	compatible := func(a, b string) bool {
		for _, x := range d.Incompatible {
			hit := func(p, q string) bool {
				return slices.Contains(x.Roles, p) && (slices.Contains(x.With, q) || slices.Contains(x.With, identity.Any))
			}
			if hit(a, b) || hit(b, a) {
				return false
			}
		}
		return true
	}
	for _, r := range d.Roles {
		for _, alone := range []string{"auditor", "operator", "account_admin"} {
			if r.Code != alone && compatible(alone, r.Code) {
				t.Errorf("%s beside %s", alone, r.Code)
			}
		}
		if r.Code != "declarer" && r.Code != "archivist" && compatible("declarer", r.Code) {
			t.Errorf("declarer beside %s", r.Code)
		}
		if r.Delegable && (r.Code == "auditor" || r.Code == "operator" || r.Code == "account_admin") {
			t.Errorf("%s can be handed over", r.Code)
		}
	}
}

func TestAcceptable(t *testing.T) {
	t.Parallel()
	d := yangpu(t)
	for name, tt := range map[string]struct{ account, password, want string }{
		"Good":            {"edu.declarer", "Plum-Rain-77", ""},
		"Chinese":         {"edu.declarer", "梅雨天气真好啊Ab3", ""},
		"Short":           {"edu.declarer", "Ab3-", "password_length"},
		"OneClass":        {"edu.declarer", "abcdefghijk", "password_classes"},
		"TwoClasses":      {"edu.declarer", "abcdefghijk1", "password_classes"},
		"Common":          {"edu.declarer", "P@ssw0rd123", "password_common"},
		"ContainsAccount": {"edu.declarer", "X-EDU.declarer-1", "password_has_account"},
		"Everything":      {"abc", "abc", "password_length password_classes password_has_account"},
		"Huge":            {"edu.declarer", strings.Repeat("Ab3-", 40), "password_length"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c fault.Checks
			d.Password.Acceptable(&c, tt.account, tt.password, "new_password")
			if got := codes(c.Err()); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestDutiesCheck(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*identity.Duties)
		want   string
	}{
		"AsShipped":          {func(*identity.Duties) {}, ""},
		"RoleTwice":          {func(d *identity.Duties) { d.Roles = append(d.Roles, d.Roles[0]) }, "stands twice"},
		"RoleOfUnknownKind":  {func(d *identity.Duties) { d.Roles[0].Kinds = []string{"moon"} }, `no kind "moon"`},
		"ConflictOfNobody":   {func(d *identity.Duties) { d.Incompatible[0].With = []string{"king"} }, `no role "king"`},
		"NoAccountAdmin":     {func(d *identity.Duties) { d.Roles = d.Roles[:3] }, "are needed"},
		"ShortPasswords":     {func(d *identity.Duties) { d.Password.MinLength = 4 }, "8 to 256"},
		"FreeHash":           {func(d *identity.Duties) { d.Password.Hash.Passes = 0 }, "password.hash"},
		"NeverLocks":         {func(d *identity.Duties) { d.Lockout.Failures = 0 }, "lockout"},
		"NoThrottle":         {func(d *identity.Duties) { d.Throttle.Account.Burst = 0 }, "throttle"},
		"LongAccessToken":    {func(d *identity.Duties) { d.Session.AccessMinutes = 600 }, "access ≤ idle"},
		"KeyGoneBeforeToken": {func(d *identity.Duties) { d.Keys.OverlapMinutes = 1 }, "overlap"},
		"EndlessDelegation":  {func(d *identity.Duties) { d.Delegation.MaxDays = 0 }, "delegation"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := yangpu(t)
			tt.change(&d)
			err := d.Check()
			if (tt.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	for name, text := range map[string]string{"UnknownKey": "district: yangpu\nmoons: 2\n", "WrongType": "kinds: 7\n", "Empty": ""} {
		if _, err := duties.Read([]byte(text)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

// The demonstration district has somebody for every role, and keeps to the
// rules it is entered under.
func TestDemoDistrict(t *testing.T) {
	t.Parallel()
	d := yangpu(t)
	demo, err := seed.Demo()
	if err != nil {
		t.Fatal(err)
	}
	units, seats, held := map[string]identity.Unit{}, 0, map[string]bool{}
	for _, u := range demo.Units {
		if _, ok := units[u.Parent]; u.Parent != "" && !ok {
			t.Errorf("%s stands before %s, which supervises it", u.Code, u.Parent)
		}
		units[u.Code] = identity.Unit{Code: u.Code, Kind: u.Kind, Seat: u.Seat, Parent: u.Parent}
		if u.Seat {
			seats++
		}
	}
	if seats != 14 { // YP23-M-5
		t.Errorf("%d seats", seats)
	}
	for _, a := range demo.Accounts {
		if err := d.Holds(units[a.Unit], a.Roles); err != nil {
			t.Errorf("%s: %v", a.Account, err)
		}
		for _, r := range a.Roles {
			held[r] = true
		}
	}
	for _, r := range d.Roles {
		if !held[r.Code] {
			t.Errorf("nobody is %s", r.Code)
		}
	}
}

func TestValidateListsEverything(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		request interface{ Validate() error }
		want    string
	}{
		"Account":         {&identity.RequestAccount{}, "account name unit roles reason"},
		"AccountForm":     {&identity.RequestAccount{Account: "Edu Declarer", Name: strings.Repeat("名", 51), Unit: "-x", Roles: []string{"declarer"}, Reason: " "}, "account name unit reason"},
		"ServiceName":     {&identity.RequestAccount{Account: "service:identity", Name: "某", Unit: "education", Roles: []string{"declarer"}, Reason: "x"}, "account"},
		"Approve":         {&identity.ApproveAccount{}, "reviewer opinion"},
		"Grant":           {&identity.GrantRole{}, "reviewer opinion"},
		"Review":          {&identity.ReviewAccount{}, "reviewer opinion"},
		"Role":            {&identity.RequestRole{}, "role reason"},
		"AboutRole":       {&identity.AboutRole{}, "reason"},
		"Reason":          {&identity.Reasoned{Reason: "  "}, "reason"},
		"Delegation":      {&identity.GrantDelegation{}, "to roles starts_on ends_on reason"},
		"Unit":            {&identity.RegisterUnit{}, "code kind name name_en leader department"},
		"OwnParent":       {&identity.RegisterUnit{Code: "a", Kind: "institution", Portrait: identity.Portrait{Name: "a", NameEN: "a", Leader: "a", Department: "a", Parent: "a"}}, "parent"},
		"Amend":           {&identity.AmendUnit{}, "If-Match reason name name_en leader department"},
		"Succession":      {&identity.SucceedUnit{ID: "finance"}, "successor effective_on document_no"},
		"SignIn":          {&identity.SignIn{}, "account password"},
		"Refresh":         {&identity.RefreshSession{}, "refresh_token"},
		"Password":        {&identity.ChangePassword{}, "current_password new_password"},
		"PasswordIsSame":  {&identity.ChangePassword{Current: "x", New: "x"}, "new_password"},
		"RotationOfKeys":  {&identity.RotateKeys{}, "reason"},
		"CompleteRequest": {&identity.RequestAccount{Account: "edu.declarer", Name: "贺文", Unit: "education", Roles: []string{"declarer"}, Reason: "入职"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var fields []string
			if err := tt.request.Validate(); err != nil {
				for _, v := range fault.From(err).Violations {
					fields = append(fields, v.Field)
				}
			}
			if got := strings.Join(fields, " "); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
