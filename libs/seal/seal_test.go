package seal_test

import (
	"errors"
	"slices"
	"testing"

	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/seal"
	typev1 "egov/proto/gen/egov/type/v1"
)

func office(t *testing.T, pack string) policy.Office {
	t.Helper()
	p, err := policy.Default().ByID(pack)
	if err != nil {
		t.Fatal(err)
	}
	return p.Office()
}

func sign(any) (*typev1.Signature, error) { return &typev1.Signature{Alg: "sm2"}, nil }

var officer = authn.Principal{Subject: "office.secretary", Unit: "gov-office"}

// TestASealFollowsKindFormApprovalAndLead shows on whose paper of which kind a
// seal is put: SH12-E-4 by kind, SH12-E-6 by form, SH12-E-7 by approval and lead
// unit; each breach is Refused by its article.
func TestASealFollowsKindFormApprovalAndLead(t *testing.T) {
	t.Parallel()
	day := calendar.MustDate(2026, 6, 18)
	sound := seal.Act{Kind: "notice", Form: seal.Original, Units: []string{"gov-office"}, DocumentNo: "杨府办〔2026〕1号", SHA256: "ab", Approved: true}
	with := func(change func(*seal.Act)) seal.Act {
		a := sound
		change(&a)
		return a
	}
	for _, c := range []struct {
		name  string
		pack  string
		act   seal.Act
		want  *fault.Error
		basis string
	}{
		{"a notice of one unit", "yangpu-2023", sound, nil, ""},
		{"a report", "yangpu-2023", with(func(a *seal.Act) { a.Kind = "report" }), nil, ""},
		{"a joint letter under the lead's seal", "yangpu-2023", with(func(a *seal.Act) { a.Kind, a.Units = "letter", []string{"gov-office", "finance"} }), nil, ""},
		{"a joint letter under another's", "yangpu-2023", with(func(a *seal.Act) { a.Kind, a.Units = "letter", []string{"finance", "gov-office"} }), seal.ErrLead, "SH12-E-7"},
		{"a contract", "yangpu-2023", with(func(a *seal.Act) { a.Kind = "contract" }), seal.ErrKind, "SH12-E-4"},
		{"an agreement", "yangpu-2023", with(func(a *seal.Act) { a.Kind = "agreement" }), seal.ErrKind, "SH12-E-4"},
		{"a letter of attorney", "shanghai-2012", with(func(a *seal.Act) { a.Kind = "letter_of_attorney" }), seal.ErrKind, "SH12-E-4"},
		{"a classified paper", "yangpu-2023", with(func(a *seal.Act) { a.Kind = "classified" }), seal.ErrKind, "YP23-M-37"},
		{"a sensitive paper", "yangpu-2023", with(func(a *seal.Act) { a.Kind = "sensitive" }), seal.ErrKind, "SH12-E-4"},
		{"a paper of no kind", "yangpu-2023", with(func(a *seal.Act) { a.Kind = "poem" }), seal.ErrKind, "SH12-E-4"},
		{"a copy", "yangpu-2023", with(func(a *seal.Act) { a.Form = seal.Copy }), seal.ErrForm, "SH12-E-6"},
		{"a conversion", "yangpu-2023", with(func(a *seal.Act) { a.Form = seal.Converted }), seal.ErrForm, "SH12-E-6"},
		{"before the approval", "yangpu-2023", with(func(a *seal.Act) { a.Approved = false }), seal.ErrNotApproved, "SH12-E-7"},
		{"rules without e-seals", "xian-2018", sound, seal.ErrNoSeals, "SH12-E-4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := seal.Put(office(t, c.pack), c.act, officer, day, sign)
			if c.want == nil {
				if err != nil || s.Unit != "gov-office" || s.Signature == nil || s.On != day || s.SHA256 != "ab" {
					t.Fatalf("%+v %v", s, err)
				}
				return
			}
			f := fault.From(err)
			if !errors.Is(err, c.want) || !slices.Contains(f.Basis, c.basis) || f.Msg == "" || f.MsgEN == "" {
				t.Fatalf("%v, want %v by %s", err, c.want, c.basis)
			}
		})
	}
}

// TestASealedPaperEqualsPaperAndItsCopyDoesNot: the sealed original is equal to
// the paper document (SH12-E-5), its copy says that it is not, and its sealing is
// Refused (SH12-E-6).
func TestASealedPaperEqualsPaperAndItsCopyDoesNot(t *testing.T) {
	t.Parallel()
	o, day := office(t, "yangpu-2023"), calendar.MustDate(2026, 6, 18)
	original := seal.Upload{Kind: "notice", Form: seal.Original, Upload: attachment.Upload{Name: "通知.ofd"}}
	papers, err := seal.Add(nil, attachment.Document{SHA256: "a1"}, original, "gov-office")
	if err != nil || papers[0].Force != seal.Unsealed {
		t.Fatalf("%+v %v", papers, err)
	}
	p, err := seal.Find(papers, "a1")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Put(o, "1号", true, officer, day, sign); err != nil || p.Force != seal.EqualToPaper {
		t.Fatalf("%+v %v", p, err)
	}
	if err := p.Put(o, "1号", true, officer, day, sign); !errors.Is(err, seal.ErrSealed) {
		t.Fatal(err)
	}
	if _, err := seal.Add(papers, attachment.Document{SHA256: "a1"}, original, "finance"); !errors.Is(err, seal.ErrSealed) {
		t.Fatal(err)
	}
	conversion := seal.Upload{Kind: "notice", Form: seal.Converted, CopyOf: "a1"}
	if err := seal.Admit(o, conversion, papers); err != nil {
		t.Fatal(err)
	}
	if papers, err = seal.Add(papers, attachment.Document{SHA256: "b2"}, conversion, "gov-office"); err != nil {
		t.Fatal(err)
	}
	if got := papers[1]; got.Force != seal.NotEqual || got.Notice == "" {
		t.Fatalf("%+v", got)
	}
	if err := papers[1].Put(o, "1号", true, officer, day, sign); !errors.Is(err, seal.ErrForm) {
		t.Fatal(err)
	}
	if len(seal.Documents(papers)) != 2 {
		t.Fatal(papers)
	}
	if _, err := seal.Find(papers, "c3"); !errors.Is(err, attachment.ErrNone) {
		t.Fatal(err)
	}
}

// TestWhatMayBeAttached: a classified paper is refused before its bytes are kept
// (SH12-E-4, YP23-M-37), a copy of nothing and a paper of no kind too.
func TestWhatMayBeAttached(t *testing.T) {
	t.Parallel()
	o := office(t, "yangpu-2023")
	there := []seal.Paper{{Document: attachment.Document{SHA256: "a1"}}}
	for _, c := range []struct {
		name string
		u    seal.Upload
		code string // of the fault, or of its violation
	}{
		{"a report", seal.Upload{Kind: "report", Form: seal.Original}, ""},
		{"a contract, without a seal", seal.Upload{Kind: "contract", Form: seal.Original}, ""},
		{"a copy", seal.Upload{Kind: "report", Form: seal.Copy, CopyOf: "a1"}, ""},
		{"a copy of nothing", seal.Upload{Kind: "report", Form: seal.Copy, CopyOf: "zz"}, "no_such_paper"},
		{"a paper of no kind", seal.Upload{Kind: "poem", Form: seal.Original}, "unknown_code"},
		{"a classified paper", seal.Upload{Kind: "classified", Form: seal.Original}, "classified"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := seal.Admit(o, c.u, there)
			if c.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			f := fault.From(err)
			if f.Code != c.code && !slices.ContainsFunc(f.Violations, func(v fault.Violation) bool { return v.Code == c.code && len(v.Basis) > 0 }) {
				t.Fatalf("%v, want %s", err, c.code)
			}
		})
	}
}

func TestAnUploadNamesWhatACopyShows(t *testing.T) {
	t.Parallel()
	body := attachment.Upload{Name: "a.pdf", Body: []byte("%PDF")}
	for _, c := range []struct {
		name, field string
		u           seal.Upload
	}{
		{"an original", "", seal.Upload{Upload: body, Kind: "notice"}},
		{"a copy of something", "", seal.Upload{Upload: body, Kind: "notice", Form: seal.Copy, CopyOf: "ab"}},
		{"a copy of nothing", "copy_of", seal.Upload{Upload: body, Kind: "notice", Form: seal.Copy}},
		{"an original of another", "copy_of", seal.Upload{Upload: body, Kind: "notice", CopyOf: "ab"}},
		{"another form", "form", seal.Upload{Upload: body, Kind: "notice", Form: "fax", CopyOf: "ab"}},
		{"no kind", "kind", seal.Upload{Upload: body}},
		{"no file", "body", seal.Upload{Upload: attachment.Upload{Name: "a"}, Kind: "notice"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.u.Validate()
			if (c.field == "") != (err == nil) {
				t.Fatal(err)
			}
			if err != nil && fault.From(err).Violations[0].Field != c.field {
				t.Fatal(err)
			}
		})
	}
}
