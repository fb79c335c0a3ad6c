// Package seal says which papers bear a unit's electronic seal, and when one
// may be put on: the kinds of paper are the pack's, and the seal follows the
// approval of the duty that issues the paper. It promises that no copy, no
// paper of a kind the pack excludes, and nothing that is not approved is
// sealed, and that a joint paper bears the seal of its lead unit.
//
// It draws no picture of a seal and keeps no key: a seal is the unit's name
// over the paper's hash, under the signature of the service that records it. It
// looks into no file for what it says.
package seal

import (
	"slices"
	"strings"

	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Form is what a file is to the paper that it shows.
type Form string

// The forms. stable: they stand in stored papers.
const (
	Original  Form = "original"
	Copy      Form = "copy"      // of a paper, as it was
	Converted Form = "converted" // of a paper, into another format
)

// The force of a paper. stable: they stand in answers.
const (
	EqualToPaper = "equal_to_paper" // as a paper document with the unit's seal (SH12-E-5)
	Unsealed     = "unsealed"
	NotEqual     = "not_equal" // a copy or conversion: not equal in force to what it shows (SH12-E-6)
)

// Errors of sealing.
var (
	ErrNoSeals     = fault.New(fault.Refused, "no_seals", "现行规则未规定电子印章，不能加盖", "the rules in force know no e-seals", "SH12-E-4")
	ErrKind        = fault.New(fault.Refused, "paper_not_sealed", "该类文书不得加盖电子印章", "no e-seal is put on this kind of paper", "SH12-E-4")
	ErrBarred      = fault.New(fault.Refused, "classified", "涉密文件不在本平台办理，请按保密规定办理；所传内容未保存", "classified papers are not handled here; follow the secrecy procedure. Nothing was stored", "SH12-E-4", "YP23-M-37")
	ErrForm        = fault.New(fault.Refused, "copy_not_sealed", "复印稿、格式转换稿不具备相同效力，不得加盖电子印章", "a copy or conversion is not equal in force and bears no seal", "SH12-E-6")
	ErrNotApproved = fault.New(fault.Refused, "seal_before_approval", "尚未完成审批，不得先行用印", "nothing is sealed before it is approved", "SH12-E-7")
	ErrLead        = fault.New(fault.Forbidden, "not_lead_unit", "联合发文加盖主办单位电子印章", "a joint paper bears the seal of its lead unit", "SH12-E-7")
	ErrSealed      = fault.New(fault.Conflict, "sealed_already", "该文书已加盖电子印章", "the paper is sealed already")
)

// Seal is a unit's seal on one paper.
type Seal struct {
	Unit       string            `json:"unit"`
	DocumentNo string            `json:"document_no"`
	By         string            `json:"by"`
	On         calendar.Date     `json:"on"`
	SHA256     string            `json:"sha256"`              // of the sealed content, hex
	Signature  *typev1.Signature `json:"signature,omitempty"` // over the seal without it
}

// Act is what a seal is to be put on.
type Act struct {
	Kind       string   // a paper of the pack
	Form       Form     // empty: an original
	Units      []string // that issue it, the lead unit first
	DocumentNo string
	SHA256     string // of the content, hex
	Approved   bool   // by whoever approves it in its own duty
}

// Sign signs what is sealed.
type Sign func(document any) (*typev1.Signature, error)

// Put puts the seal of the unit for which by acts. It refuses kinds of paper
// that the pack excludes (SH12-E-4), copies (SH12-E-6), what is not approved and
// a unit that is not the lead (SH12-E-7).
func Put(o policy.Office, a Act, by authn.Principal, on calendar.Date, sign Sign) (Seal, error) {
	if len(o.Papers) == 0 {
		return Seal{}, ErrNoSeals
	}
	kind, ok := o.Paper(a.Kind)
	switch {
	case !ok:
		return Seal{}, ErrKind
	case !kind.Sealed:
		return Seal{}, ErrKind.WithMsg("“"+kind.Label.ZH+"”不得加盖电子印章", "no e-seal is put on a "+kind.Label.EN).WithBasis(kind.Basis...)
	case a.Form != "" && a.Form != Original:
		return Seal{}, ErrForm
	case !a.Approved:
		return Seal{}, ErrNotApproved
	case len(a.Units) == 0 || a.Units[0] != by.Unit:
		return Seal{}, ErrLead
	}
	s := Seal{Unit: by.Unit, DocumentNo: a.DocumentNo, By: by.Actor(), On: on, SHA256: a.SHA256}
	var err error
	s.Signature, err = sign(s)
	return s, err
}

// Paper is an attached official document.
type Paper struct {
	attachment.Document
	Kind   string   `json:"kind"` // a paper of the pack
	Form   Form     `json:"form"`
	CopyOf string   `json:"copy_of,omitempty"` // SHA-256 of the paper that a copy or conversion shows, hex
	Units  []string `json:"units"`             // that issue it, the lead unit first
	Force  string   `json:"force"`             // equal_to_paper, unsealed or not_equal
	Notice string   `json:"notice,omitempty"`  // what a reader of a copy is told
	Seal   *Seal    `json:"seal,omitempty"`
}

// Upload asks to attach one paper. The body is the file.
type Upload struct {
	attachment.Upload
	Kind   string `query:"kind" json:"-" required:"true"`                // a paper of the pack
	Form   Form   `query:"form" json:"-" enum:"original,copy,converted"` // left out: original
	CopyOf string `query:"copy_of" json:"-"`                             // of a copy or conversion: SHA-256 of what it shows
	Units  string `query:"units" json:"-"`                               // of a joint paper: who issues it, the lead unit first, separated by commas
}

// Validate lists what is missing.
func (u *Upload) Validate() error {
	if u.Form == "" {
		u.Form = Original
	}
	var c fault.Checks
	u.Check(&c)
	c.Text(u.Kind, "kind", 60, "SH12-E-4")
	c.Require(slices.Contains([]Form{Original, Copy, Converted}, u.Form), "form", "unknown_code", "须为original、copy或converted", "original, copy or converted", "SH12-E-6")
	c.Require((u.Form == Original) == (u.CopyOf == ""), "copy_of", "names_original", "复印稿、转换稿须指明原件，原件不填", "a copy or conversion names its original, an original names none", "SH12-E-6")
	return c.Err()
}

// notEqual marks copies and conversions, for whoever reads one.
const notEqual = "本件为复印稿或格式转换稿，不具备与原件相同的法律效力 / A copy or conversion, not equal in force to its original"

// Admit checks that a paper may be attached among others, before its bytes are
// kept: its kind is one of the pack's and not barred (YP23-M-37), and what a
// copy shows is there (SH12-E-6).
func Admit(o policy.Office, u Upload, among []Paper) error {
	kind, ok := o.Paper(u.Kind)
	var c fault.Checks
	if !ok {
		codes := make([]string, len(o.Papers))
		for i, p := range o.Papers {
			codes[i] = p.Code
		}
		known := strings.Join(codes, ", ")
		c.Require(false, "kind", "unknown_code", "没有这类文书；可选："+known, "no such kind of paper; one of "+known, "SH12-E-4")
	}
	if ok && kind.Barred {
		return ErrBarred.WithBasis(kind.Basis...)
	}
	if u.CopyOf != "" {
		c.Require(find(among, u.CopyOf) != nil, "copy_of", "no_such_paper", "没有这份原件", "there is no such original", "SH12-E-6")
	}
	return c.Err()
}

// Add names an admitted paper among the others; unit issues it alone where the
// upload names nobody. The same content stands once, and a sealed paper stays
// as it is.
func Add(to []Paper, d attachment.Document, u Upload, unit string) ([]Paper, error) {
	p := Paper{Document: d, Kind: u.Kind, Form: u.Form, CopyOf: u.CopyOf, Units: []string{unit}, Force: Unsealed}
	if u.Units != "" {
		p.Units = nil
		for _, x := range strings.Split(u.Units, ",") {
			if x = strings.TrimSpace(x); x != "" && !slices.Contains(p.Units, x) {
				p.Units = append(p.Units, x)
			}
		}
	}
	if p.Form != Original {
		p.Force, p.Notice = NotEqual, notEqual
	}
	if old := find(to, d.SHA256); old != nil {
		if old.Seal != nil {
			return to, ErrSealed
		}
		*old = p
		return to, nil
	}
	return append(to, p), nil
}

// Find looks for a paper by the SHA-256 of its content; attachment.ErrNone
// where there is none.
func Find(in []Paper, sha256 string) (*Paper, error) {
	if p := find(in, sha256); p != nil {
		return p, nil
	}
	return nil, attachment.ErrNone
}

func find(in []Paper, sha256 string) *Paper {
	i := slices.IndexFunc(in, func(p Paper) bool { return p.SHA256 == sha256 })
	if i < 0 {
		return nil
	}
	return &in[i]
}

// Put seals the paper: from here on it is equal to the sealed paper document
// (SH12-E-5). approved tells whether its duty has approved it (SH12-E-7).
func (p *Paper) Put(o policy.Office, documentNo string, approved bool, by authn.Principal, on calendar.Date, sign Sign) error {
	if p.Seal != nil {
		return ErrSealed
	}
	s, err := Put(o, Act{Kind: p.Kind, Form: p.Form, Units: p.Units, DocumentNo: documentNo, SHA256: p.SHA256, Approved: approved}, by, on, sign)
	if err != nil {
		return err
	}
	p.Seal, p.Force = &s, EqualToPaper
	return nil
}

// Documents are the papers as attachments, to open one of them.
func Documents(papers []Paper) []attachment.Document {
	out := make([]attachment.Document, len(papers))
	for i, p := range papers {
		out[i] = p.Document
	}
	return out
}
