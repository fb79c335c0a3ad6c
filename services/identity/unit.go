package identity

import (
	"context"
	"slices"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	identityv1 "egov/proto/gen/egov/identity/v1"
)

// Unit is one unit of the district: a bureau, a subdistrict, an institution, or
// an outside body that takes part. Its code is its id for ever; its name and
// its people may change.
type Unit struct {
	aggregate.Root
	Code        string   `json:"code"`
	Name        string   `json:"name"`
	NameEN      string   `json:"name_en"`
	Kind        string   `json:"kind"`             // a kind of the duties
	Parent      string   `json:"parent,omitempty"` // the supervising unit's code
	Leader      string   `json:"leader"`           // who answers for e-government there (YP23-M-6)
	Department  string   `json:"department"`       // the responsible department (YP23-M-6)
	Seat        bool     `json:"seat"`             // holds a seat in the conference (YP23-M-5)
	Active      bool     `json:"active"`
	Succeeds    []string `json:"succeeds"` // units it took over from, theirs included
	SucceededBy string   `json:"succeeded_by,omitempty"`
	FormerNames []Former `json:"former_names"` // old decisions keep the old name
}

// Former is a name that a unit had.
type Former struct {
	Name   string        `json:"name"`
	NameEN string        `json:"name_en"`
	Until  calendar.Date `json:"until"`
}

// StandsFor reports whether the unit is the one with the code, or took over
// from it: a successor's duties are its predecessor's.
func (u Unit) StandsFor(code string) bool { return u.Code == code || slices.Contains(u.Succeeds, code) }

// Portrait is what a unit's entry in the directory says.
type Portrait struct {
	Name       string `json:"name" required:"true"`
	NameEN     string `json:"name_en" required:"true"`
	Parent     string `json:"parent"`
	Leader     string `json:"leader" required:"true"`
	Department string `json:"department" required:"true"`
}

func (p Portrait) check(c *fault.Checks, code string) {
	c.Text(strings.TrimSpace(p.Name), "name", 100, "YP23-M-5")
	c.Text(strings.TrimSpace(p.NameEN), "name_en", 200)
	c.Text(strings.TrimSpace(p.Leader), "leader", 50, "YP23-M-6")
	c.Text(strings.TrimSpace(p.Department), "department", 100, "YP23-M-6")
	c.Require(p.Parent == "" || p.Parent != code, "parent", "own_parent", "主管部门不能是本单位", "a unit does not supervise itself", "YP23-R-5.1.2")
	c.Require(p.Parent == "" || wellFormed(p.Parent), "parent", "bad_name", "不是单位代码", "not a unit code")
}

// RegisterUnit enters a unit into the directory.
type RegisterUnit struct {
	Code string `json:"code" required:"true"`
	Kind string `json:"kind" required:"true"`
	Seat bool   `json:"seat"`
	Portrait
}

// Validate lists what is missing.
func (r *RegisterUnit) Validate() error {
	var c fault.Checks
	name(&c, r.Code, "code")
	c.Text(r.Kind, "kind", 50)
	r.check(&c, r.Code)
	return c.Err()
}

// Register enters a unit.
func (s *Service) Register(ctx context.Context, r RegisterUnit) (Unit, error) {
	if _, ok := s.Duties.kind(r.Kind); !ok {
		return Unit{}, fault.InvalidInput.WithViolations(fault.Violation{Field: "kind", Code: "unknown_kind", Msg: "没有这类单位：" + r.Kind, MsgEN: "there is no kind " + r.Kind, Basis: []string{"YP23-M-40"}})
	}
	if err := s.supervises(ctx, r.Parent); err != nil {
		return Unit{}, err
	}
	return s.Units.Create(ctx, r.Code, func(u *Unit, rec *aggregate.Recorder) error {
		u.Code, u.Kind, u.Seat, u.Active = r.Code, r.Kind, r.Seat, true
		u.Name, u.NameEN, u.Leader, u.Department = r.Name, r.NameEN, r.Leader, r.Department
		u.supervisedBy(r.Parent)
		u.Succeeds, u.FormerNames = []string{}, []Former{}
		rec.State(u.Code, &identityv1.UnitRegistered{Unit: u.Code, Name: u.Name, Kind: u.Kind, Parent: u.Parent, Seat: u.Seat, Leader: u.Leader, Department: u.Department})
		return nil
	})
}

// supervises wants a supervising unit to be one that takes part.
func (s *Service) supervises(ctx context.Context, parent string) error {
	if parent == "" {
		return nil
	}
	p, err := s.unit(ctx, parent)
	if err != nil {
		return err
	}
	if !p.Active {
		return ErrUnit.WithMsg("主管部门已停用："+parent, "the supervising unit takes part no more: "+parent)
	}
	return nil
}

// AmendUnit replaces what the directory says about a unit.
type AmendUnit struct {
	ID      string `path:"id" json:"-"`
	IfMatch string `header:"If-Match" json:"-"` // the version that was read
	Reason  string `json:"reason" required:"true"`
	Portrait
}

// Validate also asks for the version, so that no update is lost.
func (r *AmendUnit) Validate() error {
	var c fault.Checks
	c.Require(r.IfMatch != "", "If-Match", "required", "修改须带上所读取的版本（If-Match）", "say which version you change (If-Match)")
	c.Text(strings.TrimSpace(r.Reason), "reason", 1000)
	r.check(&c, r.ID)
	return c.Err()
}

// Amend changes a unit's entry: an account administrator all of it, the unit's
// supervisor its leader and department.
func (s *Service) Amend(ctx context.Context, r AmendUnit) (Unit, error) {
	if err := s.supervises(ctx, r.Parent); err != nil {
		return Unit{}, err
	}
	var out Unit
	err := s.InTx(ctx, func(ctx context.Context) (err error) {
		moved := false
		out, err = s.Units.Update(ctx, r.ID, func(u *Unit, rec *aggregate.Recorder) error {
			moved = r.Parent != u.Parent
			return s.amend(u, rec, r)
		})
		if err != nil || !moved {
			return err
		}
		return s.resettle(ctx, out)
	})
	return out, err
}

func (s *Service) amend(u *Unit, rec *aggregate.Recorder, r AmendUnit) error {
	if err := authority(rec.By(), *u); err != nil {
		return err
	}
	if !u.Active {
		return wrongState("单位已停用", "the unit takes part no more")
	}
	if !rec.By().Has(accountAdmin) && (r.Name != u.Name || r.NameEN != u.NameEN || r.Parent != u.Parent) {
		return ErrAuthority.WithMsg("单位名称和主管部门只能由账户管理员修改", "only an account administrator changes a unit's name or supervising unit")
	}
	if r.Name != u.Name || r.NameEN != u.NameEN {
		u.FormerNames = append(u.FormerNames, Former{Name: u.Name, NameEN: u.NameEN, Until: rec.Today()})
	}
	u.Name, u.NameEN, u.Leader, u.Department = r.Name, r.NameEN, r.Leader, r.Department
	u.supervisedBy(r.Parent)
	rec.State(u.Code, &identityv1.UnitAmended{Unit: u.Code, Name: u.Name, Parent: u.Parent, Leader: u.Leader, Department: u.Department, Reason: r.Reason})
	return nil
}

// supervisedBy puts the unit under a supervising unit, or under none.
func (u *Unit) supervisedBy(parent string) {
	u.Parent = parent
	u.Parties = nil
	u.Own(u.Code)
	u.Share(Platform, parent)
}

// resettle shows a unit's accounts to the unit that supervises it now, and to
// the one before no more.
func (s *Service) resettle(ctx context.Context, u Unit) error {
	accounts, err := aggregate.Everything(s.asSelf(ctx), s.Accounts, map[string]string{"unit": u.Code})
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if _, err := s.Accounts.Update(s.asSelf(ctx), a.ID, func(a *Account, _ *aggregate.Recorder) error {
			a.of(u)
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// SucceedUnit passes a unit's duties, and where it says so its seat, to
// another (YP23-M-5, YP23-R-2).
type SucceedUnit struct {
	ID          string        `path:"id" json:"-"` // the predecessor
	Successor   string        `json:"successor" required:"true"`
	EffectiveOn calendar.Date `json:"effective_on" required:"true"`
	Seat        bool          `json:"seat"`      // the seat in the conference passes too
	Dissolved   bool          `json:"dissolved"` // the predecessor ends
	DocumentNo  string        `json:"document_no" required:"true"`
}

// Validate lists what is missing.
func (r *SucceedUnit) Validate() error {
	var c fault.Checks
	name(&c, r.Successor, "successor")
	c.Require(r.Successor != r.ID, "successor", "own_successor", "承继单位不能是本单位", "a unit does not succeed itself", "YP23-R-2")
	c.Require(!r.EffectiveOn.IsZero(), "effective_on", "required", "必填", "is required", "YP23-R-2")
	c.Text(strings.TrimSpace(r.DocumentNo), "document_no", 100, "YP23-R-2")
	return c.Err()
}

// Succeed passes a unit's place to its successor. Units that a dissolved
// predecessor supervised are supervised by the successor.
func (s *Service) Succeed(ctx context.Context, r SucceedUnit) (Unit, error) {
	var successor Unit
	err := s.InTx(ctx, func(ctx context.Context) error {
		var former Unit
		_, err := s.Units.Update(ctx, r.ID, func(u *Unit, rec *aggregate.Recorder) error {
			former = *u
			switch {
			case !u.Active:
				return wrongState("单位已停用", "the unit takes part no more")
			case r.EffectiveOn.After(rec.Today()):
				return fault.InvalidInput.WithViolations(fault.Violation{Field: "effective_on", Code: "in_future", Msg: "承继自生效之日起登记，不得预先登记", MsgEN: "a succession is entered when it takes effect, not before", Basis: []string{"YP23-R-2"}})
			case r.Seat && !u.Seat:
				return wrongState("该单位没有联席会议席位", "the unit holds no seat in the conference")
			case !r.Seat && r.Dissolved && u.Seat:
				return wrongState("撤销成员单位须同时移交席位", "a dissolved member unit passes its seat on")
			}
			u.SucceededBy = r.Successor
			u.Active = !r.Dissolved
			u.Seat = u.Seat && !r.Seat
			rec.State(u.Code, &identityv1.UnitSucceeded{Unit: u.Code, Successor: r.Successor, EffectiveOn: r.EffectiveOn.String(), Seat: r.Seat, Dissolved: r.Dissolved, DocumentNo: r.DocumentNo})
			return nil
		})
		if err != nil {
			return err
		}
		successor, err = s.Units.Update(ctx, r.Successor, func(u *Unit, _ *aggregate.Recorder) error {
			switch {
			case !u.Active:
				return ErrUnit.WithMsg("承继单位已停用", "the successor takes part no more")
			case u.StandsFor(r.ID) || former.StandsFor(r.Successor):
				return wrongState("两单位之间已有承继关系", "one of the units succeeds the other already")
			}
			u.Succeeds = sorted(slices.Concat(u.Succeeds, former.Succeeds, []string{r.ID}))
			u.Seat = u.Seat || r.Seat
			if r.Dissolved && u.Parent == r.ID {
				u.supervisedBy(former.Parent)
			}
			return nil
		})
		if missing(err) {
			return ErrUnit.WithViolations(fault.Violation{Field: "successor", Code: "unknown_unit", Msg: "没有这个单位", MsgEN: "there is no such unit", Basis: []string{"YP23-R-2"}})
		}
		if err != nil || !r.Dissolved {
			return err
		}
		return s.adopt(ctx, r.ID, r.Successor, r.DocumentNo)
	})
	return successor, err
}

// adopt gives the units that one unit supervised to another.
func (s *Service) adopt(ctx context.Context, from, to, documentNo string) error {
	children, err := aggregate.Everything(s.asSelf(ctx), s.Units, map[string]string{"parent": from})
	if err != nil {
		return err
	}
	for _, child := range children {
		u, err := s.Units.Update(ctx, child.Code, func(u *Unit, rec *aggregate.Recorder) error {
			u.supervisedBy(to)
			rec.State(u.Code, &identityv1.UnitAmended{Unit: u.Code, Name: u.Name, Parent: u.Parent, Leader: u.Leader, Department: u.Department, Reason: documentNo})
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.resettle(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// ListUnits asks for one page of the directory.
type ListUnits struct {
	Kind      string `query:"kind" json:"-"`
	Parent    string `query:"parent" json:"-"`
	Seat      string `query:"seat" json:"-"`   // true or false
	Active    string `query:"active" json:"-"` // true or false
	PageSize  int    `query:"page_size" json:"-"`
	PageToken string `query:"page_token" json:"-"`
}

// Directory lists units. The directory is open to whoever is signed in.
func (s *Service) Directory(ctx context.Context, q ListUnits) (aggregate.Page[Unit], error) {
	return s.Units.List(s.asSelf(ctx), aggregate.Query{
		Filter:   map[string]string{"kind": q.Kind, "parent": q.Parent, "seat": q.Seat, "active": q.Active},
		PageSize: q.PageSize, PageToken: q.PageToken,
	})
}

// Entry is one unit of the directory.
func (s *Service) Entry(ctx context.Context, r One) (Unit, error) {
	return s.Units.Get(s.asSelf(ctx), r.ID)
}
