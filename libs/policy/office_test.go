package policy_test

import (
	"slices"
	"strings"
	"testing"

	"egov/libs/fault"
	"egov/libs/policy"
)

// TestTheOfficeOfEveryPack: a plan's road leads somewhere, a return has a clock
// that begins anew, and whatever may be sealed rests on a provision.
func TestTheOfficeOfEveryPack(t *testing.T) {
	t.Parallel()
	for _, p := range policy.Default().Packs() {
		t.Run(p.ID(), func(t *testing.T) {
			t.Parallel()
			o := p.Office()
			for _, x := range o.Plans {
				if got, ok := o.Plan(x.Code); !ok || got.Label.ZH != x.Label.ZH || len(x.Basis) == 0 {
					t.Errorf("%s: %+v", x.Code, got)
				}
				if !x.Conference && len(x.ApprovedBy) == 0 && x.FiledWith == nil {
					t.Errorf("nobody looks at %s", x.Code)
				}
				if x.Either && len(x.ApprovedBy) < 2 {
					t.Errorf("%s: either of one", x.Code)
				}
			}
			for _, r := range o.Returns {
				if d, ok := p.Deadline(r.Code); !ok || !d.Repeats || len(r.Figures) == 0 {
					t.Errorf("%s has no clock or asks for nothing", r.Code)
				}
			}
			for _, x := range o.Papers {
				if x.Sealed && x.Barred {
					t.Errorf("%s is sealed and barred", x.Code)
				}
			}
			if _, ok := o.Plan("none"); ok {
				t.Error("there is no such plan")
			}
			if _, ok := o.Return("none"); ok {
				t.Error("there is no such return")
			}
			if _, ok := o.Paper("none"); ok {
				t.Error("there is no such paper")
			}
		})
	}
}

func TestAnOfficeThatCannotWork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, pack, old, now, code string }{
		{"a plan twice", "yangpu-2023", "- plan: annual_plan", "- plan: development_plan", "duplicate"},
		{"a plan without an English name", "yangpu-2023", "    en: annual plan with node targets\n", "", "missing_text"},
		{"a provision that is none", "yangpu-2023", "basis: [YP23-M-8, SH16-W]", "basis: [YP23-M-88]", "unknown_provision"},
		{"an authority without a provision", "yangpu-2023", "authority: district_committee, basis: [YP23-M-7]", "authority: district_committee, basis: []", "missing_basis"},
		{"a return without a clock", "shanghai-2012", "return: statistics_return", "return: gossip", "unknown_code"},
		{"a key that is none", "yangpu-2023", "papers:", "papyri:", "invalid_yaml"},
		{"seals that rest on nothing", "yangpu-2023", "seal_basis: [SH12-E-5, SH12-E-6, SH12-E-7]", "", "missing_basis"},
		{"a paper twice", "yangpu-2023", "{paper: report,", "{paper: notice,", "duplicate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := packFiles(t, c.pack)
			was := string(files["office.yaml"].Data)
			now := strings.Replace(was, c.old, c.now, 1)
			if now == was {
				t.Fatalf("%q is not there", c.old)
			}
			files["office.yaml"].Data = []byte(now)
			_, err := policy.Load(files)
			if !slices.ContainsFunc(fault.From(err).Violations, func(v fault.Violation) bool {
				return v.Code == c.code && strings.HasPrefix(v.Field, "office.yaml") && v.Msg != "" && v.MsgEN != ""
			}) {
				t.Fatalf("no %s in %v", c.code, err)
			}
		})
	}
}
