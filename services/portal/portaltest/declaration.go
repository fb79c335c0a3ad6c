package portaltest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/op"
	"egov/libs/policy"
)

// Declaration keeps projects in memory and decides cases by the real rules.
type Declaration struct {
	clock calendar.Clock
	packs *policy.Set

	mu       sync.Mutex
	projects map[string]*project
	order    []string
	files    map[string][]byte // by SHA-256
	drafts   map[string]string // project by idempotency key
}

type project struct {
	aggregate.Root
	Title        string           `json:"title"`
	Content      string           `json:"content"`
	PeriodMonths int              `json:"period_months"`
	Basis        []reference      `json:"basis"`
	Leader       string           `json:"leader,omitempty"`
	Contact      string           `json:"contact,omitempty"`
	KeyAnnual    bool             `json:"key_annual"`
	Contract     int              `json:"contract_years,omitempty"`
	SystemID     string           `json:"system_id,omitempty"`
	Stage        string           `json:"stage"`
	Case         policy.Case      `json:"case"`
	DeclaredBy   string           `json:"declared_by"`
	Attachments  []document       `json:"attachments"`
	ReturnReason string           `json:"return_reason,omitempty"`
	Decision     *policy.Decision `json:"decision,omitempty"`
	Amounts      amounts          `json:"amounts"`

	clocks []clock
	facts  []fact
}

type reference struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

type document struct {
	Key       string `json:"key"`
	Item      string `json:"item"`
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size_bytes"`
	SHA256    string `json:"sha256"`
	SM3       string `json:"sm3"`
}

type amounts struct {
	DeclaredFen  int64 `json:"declared_fen"`
	EvaluatedFen int64 `json:"evaluated_fen"`
	ApprovedFen  int64 `json:"approved_fen"`
	BudgetFen    int64 `json:"budget_fen"`
	AwardFen     int64 `json:"award_fen"`
	ContractFen  int64 `json:"contract_fen"`
	PaidFen      int64 `json:"paid_fen"`
	FinalFen     int64 `json:"final_fen"`
}

type clock struct {
	ID          string   `json:"id"`
	Service     string   `json:"service"`
	Obligation  string   `json:"obligation"`
	Unit        string   `json:"unit"`
	TriggerOn   string   `json:"trigger_on"`
	DueOn       string   `json:"due_on"`
	MovedFrom   string   `json:"moved_from,omitempty"`
	State       string   `json:"state"`
	MetOn       string   `json:"met_on,omitempty"`
	Provisional bool     `json:"provisional"`
	Basis       []string `json:"basis"`
}

type fact struct {
	Service string          `json:"service"`
	Seq     int64           `json:"seq"`
	Type    string          `json:"type"`
	At      time.Time       `json:"at"`
	Unit    string          `json:"unit"`
	Actor   string          `json:"actor"`
	TraceID string          `json:"trace_id"`
	Data    json.RawMessage `json:"data"`
}

type dossier struct {
	Project   project `json:"project"`
	Amounts   amounts `json:"amounts"`
	Deadlines []clock `json:"deadlines"`
	Timeline  []fact  `json:"timeline"`
}

type task struct {
	Service      string    `json:"service"`
	Collection   string    `json:"collection"`
	ID           string    `json:"id"`
	ProjectID    string    `json:"project_id"`
	Unit         string    `json:"unit"`
	Action       string    `json:"action"`
	Title        string    `json:"title"`
	ProjectTitle string    `json:"project_title"`
	DueOn        string    `json:"due_on,omitempty"`
	Since        time.Time `json:"since"`
}

type packInfo struct {
	ID         string                   `json:"id"`
	Version    string                   `json:"version"`
	District   string                   `json:"district"`
	Title      policy.Text              `json:"title"`
	From       string                   `json:"valid_from"`
	InForce    bool                     `json:"in_force"`
	Terms      map[string][]policy.Term `json:"terms"`
	Clocks     map[string]policy.Text   `json:"deadlines"`
	Provisions map[string]policy.Text   `json:"provisions"`
}

var (
	errStage    = fault.New(fault.Conflict, "wrong_stage", "项目当前阶段不能办理此事项", "the project's stage does not allow this")
	errNone     = fault.New(fault.NotFound, "not_found", "没有这条记录，或您无权查看", "there is no such record, or you may not see it")
	errStale    = fault.New(fault.Stale, "stale", "内容已被他人修改，请刷新后重试", "it has been changed meanwhile")
	errNotReady = fault.New(fault.Refused, "not_ready", "申报材料或预算尚不符合要求", "papers are missing or cost lines break the standard")
)

func newDeclaration(c calendar.Clock) (*Declaration, error) {
	d := &Declaration{clock: c, packs: policy.Default(), projects: map[string]*project{}, files: map[string][]byte{}, drafts: map[string]string{}}
	return d, d.seed()
}

type one struct {
	ID string `path:"id" json:"-"`
}

type because struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *because) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000)
	return c.Err()
}

type query struct {
	Stage string `query:"stage" json:"-"`
	Unit  string `query:"unit" json:"-"`
	Kind  string `query:"kind" json:"-"`
	Route string `query:"route" json:"-"`
	Size  int    `query:"page_size" json:"-"`
	Token string `query:"page_token" json:"-"`
}

type decide struct {
	Body []byte `body:"raw" json:"-"`
}

type draft struct {
	Key      string          `header:"Idempotency-Key" json:"-"`
	Title    string          `json:"title" required:"true"`
	Content  string          `json:"content" required:"true"`
	Period   int             `json:"period_months" required:"true"`
	Basis    []reference     `json:"basis" required:"true"`
	Leader   string          `json:"leader"`
	Contact  string          `json:"contact"`
	Key1     bool            `json:"key_annual"`
	Contract int             `json:"contract_years"`
	System   string          `json:"system_id"`
	Case     json.RawMessage `json:"case" required:"true"`

	decoded policy.Case
}

// Validate lists what is wrong, the case's faults under "case.".
func (r *draft) Validate() error {
	var c fault.Checks
	c.Text(r.Title, "title", 200, "YP23-R-5.1.2")
	c.Text(r.Content, "content", 20_000, "YP23-R-5.1.2")
	c.Require(r.Period >= 1 && r.Period <= 120, "period_months", "out_of_range", "建设周期须为1至120个月", "the period is 1 to 120 months", "YP23-R-5.1.2")
	c.Require(len(r.Basis) > 0, "basis", "required", "须列明项目来源依据", "name what the project rests on", "YP23-M-8")
	var err error
	if r.decoded, err = policy.DecodeCase(bytes.NewReader(r.Case), 1<<20); err != nil {
		for _, v := range fault.From(err).Violations {
			v.Field = "case." + v.Field
			c.Add(v)
		}
	}
	return c.Err()
}

type revise struct {
	ID      string `path:"id" json:"-"`
	IfMatch string `header:"If-Match" json:"-"`
	draft
}

type attach struct {
	ID   string `path:"id" json:"-"`
	Item string `query:"item" json:"-" required:"true"`
	Name string `query:"name" json:"-" required:"true"`
	Type string `header:"Content-Type" json:"-"`
	Body []byte `body:"raw" json:"-"`
}

type attachment struct {
	ID     string `path:"id" json:"-"`
	SHA256 string `path:"sha256" json:"-"`
}

func (d *Declaration) mount(a *op.API) {
	declarer, secretary := op.Roles("declarer"), op.Roles("secretary")
	op.Handle(a, "POST /v1/decisions", "Decide", "Which road a case takes", func(_ context.Context, r decide) (policy.Decision, error) {
		c, err := policy.DecodeCase(bytes.NewReader(r.Body), 1<<20)
		if err != nil {
			return policy.Decision{}, err
		}
		return d.packs.Decide(c, policy.Options{District: "yangpu"})
	}, op.Public())
	op.Handle(a, "GET /v1/packs", "ListPacks", "The rule packs", d.list, op.Public())
	op.Handle(a, "GET /v1/tasks", "ListTasks", "What the caller can do now", d.tasks)
	op.Handle(a, "GET /v1/projects", "ListProjects", "Projects", d.find)
	op.Handle(a, "GET /v1/projects/{id}", "GetProject", "One project", func(ctx context.Context, r one) (project, error) { return d.get(ctx, r.ID) })
	op.Handle(a, "GET /v1/projects/{id}/dossier", "GetDossier", "Everything about one project", func(ctx context.Context, r one) (dossier, error) {
		p, err := d.get(ctx, r.ID)
		return dossier{Project: p, Amounts: p.Amounts, Deadlines: append([]clock{}, p.clocks...), Timeline: append([]fact{}, p.facts...)}, err
	})
	op.Handle(a, "POST /v1/projects", "DraftProject", "Begin a declaration", d.draft, declarer, op.Created())
	op.Handle(a, "PUT /v1/projects/{id}", "ReviseProject", "Replace a draft's content", d.revise, declarer)
	op.Handle(a, "POST /v1/projects/{id}/submit", "SubmitProject", "Submit", func(ctx context.Context, r one) (project, error) { return d.change(ctx, r.ID, d.submit) }, declarer)
	op.Handle(a, "POST /v1/projects/{id}/withdraw", "WithdrawProject", "Withdraw", d.act("withdrawn", "draft", "submitted", "returned"), declarer)
	op.Handle(a, "POST /v1/projects/{id}/accept", "AcceptProject", "Accept", func(ctx context.Context, r one) (project, error) {
		return d.act("accepted", "submitted")(ctx, because{ID: r.ID})
	}, secretary)
	op.Handle(a, "POST /v1/projects/{id}/return", "ReturnProject", "Return", d.act("returned", "submitted"), secretary)
	op.Handle(a, "POST /v1/projects/{id}/refuse", "RefuseProject", "Refuse", d.act("refused", "submitted"), secretary)
	op.Handle(a, "POST /v1/projects/{id}/attachments", "AttachDocument", "Attach one document", d.attach, declarer, op.Created(), op.MaxBody(32<<20))
	op.Handle(a, "GET /v1/projects/{id}/attachments/{sha256}", "GetAttachment", "Read one attachment", func(ctx context.Context, r attachment) (op.File, error) {
		p, err := d.get(ctx, r.ID)
		if err != nil {
			return op.File{}, err
		}
		i := slices.IndexFunc(p.Attachments, func(x document) bool { return x.SHA256 == r.SHA256 })
		if i < 0 {
			return op.File{}, errNone
		}
		return op.File{Name: p.Attachments[i].Name, MediaType: p.Attachments[i].MediaType, Body: io.NopCloser(bytes.NewReader(d.files[r.SHA256]))}, nil
	})
	d.mountSheet(a, declarer)
}

func (d *Declaration) list(context.Context, none) (list[packInfo], error) {
	out := list[packInfo]{Items: []packInfo{}}
	for _, p := range d.packs.Packs() {
		from, to := p.Validity()
		i := packInfo{ID: p.ID(), Version: p.Version(), District: p.District(), Title: p.Title(), From: from.String(), InForce: p.District() == "yangpu" && to.IsZero(), Terms: map[string][]policy.Term{}, Clocks: map[string]policy.Text{}, Provisions: map[string]policy.Text{}}
		for _, v := range []policy.Vocabulary{policy.Kinds, policy.UnitKinds, policy.Routes, policy.Steps, policy.Materials, policy.Obligations, policy.ConferenceModes, policy.Categories} {
			i.Terms[string(v)] = p.Terms(v)
		}
		for _, x := range p.Deadlines() {
			i.Clocks[x.Code] = x.Label
		}
		if text, ok := p.Provision("YP23-R-5.3.2"); ok {
			i.Provisions["YP23-R-5.3.2"] = text
		}
		out.Items = append(out.Items, i)
	}
	return out, nil
}

func sees(by authn.Principal, p *project) bool {
	return by.ReadsAll() || slices.Contains(p.Parties, by.Unit)
}

func (d *Declaration) find(ctx context.Context, q query) (aggregate.Page[project], error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	page := aggregate.Page[project]{Items: []project{}}
	for _, id := range slices.Backward(d.order) {
		p := d.projects[id]
		route := ""
		if p.Decision != nil {
			route = p.Decision.Route
		}
		if sees(authn.By(ctx), p) && fits(q.Stage, p.Stage) && fits(q.Unit, p.Unit) && fits(q.Kind, p.Case.Kind) && fits(q.Route, route) {
			page.Items = append(page.Items, *p)
		}
	}
	return page, nil
}

func fits(wanted, has string) bool { return wanted == "" || wanted == has }

func (d *Declaration) get(ctx context.Context, id string) (project, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.projects[id]
	if p == nil || !sees(authn.By(ctx), p) {
		return project{}, errNone
	}
	return *p, nil
}

func (d *Declaration) tasks(ctx context.Context, _ none) (list[task], error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	by := authn.By(ctx)
	out := list[task]{Items: []task{}}
	for _, id := range d.order {
		p := d.projects[id]
		for _, t := range p.Todo {
			if by.Unit != t.Unit || !by.Has(t.Role) {
				continue
			}
			x := task{Service: "declaration", Collection: "project", ID: p.ID, ProjectID: p.ID, Unit: p.Unit, Action: t.Action, Title: t.Title, ProjectTitle: p.Title, Since: p.UpdatedAt}
			for _, c := range p.clocks {
				if c.State == "open" && (x.DueOn == "" || c.DueOn < x.DueOn) {
					x.DueOn = c.DueOn
				}
			}
			out.Items = append(out.Items, x)
		}
	}
	return out, nil
}

// change alters a project under the lock.
func (d *Declaration) change(ctx context.Context, id string, f func(context.Context, *project) error) (project, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.projects[id]
	if p == nil || !sees(authn.By(ctx), p) {
		return project{}, errNone
	}
	next := *p
	if err := f(ctx, &next); err != nil {
		return project{}, err
	}
	next.Version++
	next.UpdatedAt = d.clock.Now()
	*p = next
	return next, nil
}

func (d *Declaration) draft(ctx context.Context, r draft) (project, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if id, again := d.drafts[r.Key]; again && r.Key != "" {
		return *d.projects[id], nil
	}
	p := d.add(authn.By(ctx), "draft", r.Title)
	r.write(p)
	d.drafts[r.Key] = p.ID
	d.state(p, "declaration", "ProjectDrafted", d.clock.Now(), p.Unit, p.DeclaredBy, fmt.Sprintf(`{"project_id":%q,"title":%q,"amount_fen":"%d"}`, p.ID, p.Title, p.Case.AmountFen))
	return *p, nil
}

func (r *draft) write(p *project) {
	p.Title, p.Content, p.PeriodMonths, p.Basis, p.Leader, p.Contact = r.Title, r.Content, r.Period, r.Basis, r.Leader, r.Contact
	p.KeyAnnual, p.Contract, p.SystemID, p.Case = r.Key1, r.Contract, r.System, r.decoded
	p.Case.Title, p.Case.Unit, p.Amounts.DeclaredFen = p.Title, p.Unit, p.Case.AmountFen
}

func (d *Declaration) revise(ctx context.Context, r revise) (project, error) {
	return d.change(ctx, r.ID, func(_ context.Context, p *project) error {
		if r.IfMatch != p.ETag() {
			return errStale
		}
		if p.Stage != "draft" && p.Stage != "returned" {
			return errStage
		}
		r.write(p)
		return nil
	})
}

func (d *Declaration) submit(_ context.Context, p *project) error {
	if p.Stage != "draft" && p.Stage != "returned" {
		return errStage
	}
	p.Case.DeclaredOn = calendar.Today(d.clock)
	p.Case.Materials = nil
	for _, a := range p.Attachments {
		p.Case.Materials = append(p.Case.Materials, a.Item)
	}
	decision, err := d.packs.Decide(p.Case, policy.Options{District: "yangpu"})
	if err != nil {
		return err
	}
	var lacking []fault.Violation
	for _, i := range decision.Checklist {
		if i.Gate == "submit" && !i.Present {
			lacking = append(lacking, fault.Violation{Field: "materials." + i.Item, Code: "missing", Msg: "缺少申报材料", MsgEN: "a paper is missing", Basis: i.Basis})
		}
	}
	if len(lacking) > 0 {
		return errNotReady.WithViolations(lacking...)
	}
	p.Decision, p.Stage, p.ReturnReason = &decision, "submitted", ""
	p.Share("gov-office")
	p.Await(aggregate.Todo{Action: "accept", Role: "secretary", Unit: "gov-office", Title: "受理申报：" + p.Title})
	d.state(p, "declaration", "ProjectSubmitted", d.clock.Now(), p.Unit, p.DeclaredBy, `{}`)
	return nil
}

var statements = map[string]string{"accepted": "ProjectAccepted", "returned": "ProjectReturned", "refused": "ProjectRefused", "withdrawn": "ProjectWithdrawn"}

// act moves a project from one of the stages to another.
func (d *Declaration) act(to string, from ...string) func(context.Context, because) (project, error) {
	return func(ctx context.Context, r because) (project, error) {
		return d.change(ctx, r.ID, func(ctx context.Context, p *project) error {
			if !slices.Contains(from, p.Stage) {
				return errStage
			}
			p.Stage = to
			p.Await()
			if to == "returned" {
				p.ReturnReason = r.Reason
				p.Await(aggregate.Todo{Action: "submit", Role: "declarer", Unit: p.Unit, Title: "联席会议办公室退回，请补正后重新提交"})
			}
			data, err := json.Marshal(map[string]string{"project_id": p.ID, "reason": r.Reason})
			d.state(p, "declaration", statements[to], d.clock.Now(), authn.By(ctx).Unit, authn.By(ctx).Subject, string(data))
			return err
		})
	}
}

func (d *Declaration) attach(ctx context.Context, r attach) (document, error) {
	sum := sha256.Sum256(r.Body)
	name, err := url.QueryUnescape(r.Name)
	if err != nil {
		name = r.Name
	}
	doc := document{Item: r.Item, Name: name, MediaType: r.Type, Size: int64(len(r.Body)), SHA256: hex.EncodeToString(sum[:])}
	doc.Key = "sha256/" + doc.SHA256
	_, err = d.change(ctx, r.ID, func(_ context.Context, p *project) error {
		d.files[doc.SHA256] = r.Body
		p.Attachments = append(slices.Clone(p.Attachments), doc)
		return nil
	})
	return doc, err
}

// add begins a project; the lock is held.
func (d *Declaration) add(by authn.Principal, stage, title string) *project {
	id := fmt.Sprintf("p%06d", len(d.order)+1)
	now := d.clock.Now()
	p := &project{Title: title, Stage: stage, DeclaredBy: by.Subject, Attachments: []document{}}
	p.Root = aggregate.Root{ID: id, ProjectID: id, Version: 1, CreatedAt: now, UpdatedAt: now}
	p.Own(by.Unit)
	p.Await(aggregate.Todo{Action: "submit", Role: "declarer", Unit: by.Unit, Title: "完善并提交申报"})
	d.projects[id] = p
	d.order = append(d.order, id)
	return p
}

// state adds a fact to a project's dossier.
func (d *Declaration) state(p *project, service, name string, at time.Time, unit, actor, data string) {
	seq := int64(1)
	for _, f := range p.facts {
		if f.Service == service {
			seq++
		}
	}
	pkg := service
	if strings.HasPrefix(name, "Deadline") {
		pkg = "deadline"
	}
	p.facts = append(slices.Clone(p.facts), fact{
		Service: service, Seq: seq, Type: "egov." + pkg + ".v1." + name, At: at, Unit: unit, Actor: actor,
		TraceID: fmt.Sprintf("%032x", len(p.facts)+1), Data: json.RawMessage(data),
	})
}
