package expertreview

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/fault"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	"egov/services/expertreview/draw"
)

// DrawPanel draws the experts who review a project.
type DrawPanel struct {
	ID    string `path:"id" json:"-"`
	Size  int    `json:"size" required:"true"`
	Field string `json:"field" required:"true"` // of expertise
}

// Validate wants size and field.
func (r *DrawPanel) Validate() error {
	var c fault.Checks
	c.Require(r.Size > 0 && r.Size <= 99, "size", "out_of_range", "专家人数须为1至99", "1 to 99")
	c.Text(r.Field, "field", 60)
	return c.Err()
}

// Draw draws a panel from the pool as it stands and publishes seed, pool hash
// and exclusions, so that anyone can repeat it (draw.Draw).
func (s *Service) Draw(ctx context.Context, r DrawPanel) (Evaluation, error) {
	experts, err := aggregate.Everything(ctx, s.Experts, nil)
	if err != nil {
		return Evaluation{}, err
	}
	open, err := aggregate.Everything(ctx, s.Evaluations, map[string]string{"state": string(Drawn)})
	if err != nil {
		return Evaluation{}, err
	}
	load := map[string]int{}
	for _, e := range open {
		for _, id := range e.Panel.Experts {
			load[id]++
		}
	}
	return s.Evaluations.Update(ctx, r.ID, func(e *Evaluation, rec *aggregate.Recorder) error {
		if err := e.at(PanelNeeded); err != nil {
			return err
		}
		pack, err := s.Rules.Of(e.Project.GetPack())
		if err != nil {
			return err
		}
		if p := pack.Procedure().Panel; !p.Allows(r.Size) {
			return ErrPanelSize.WithMsg(fmt.Sprintf("专家组须为单数且不少于%d人", p.Min), fmt.Sprintf("a panel is odd and has at least %d experts", p.Min)).WithBasis(p.Basis...)
		}
		pool := make([]draw.Candidate, len(experts))
		for i, x := range experts {
			pool[i] = draw.Candidate{ID: x.ID, Unit: x.Employer, Fields: x.Fields, Load: load[x.ID], Exclude: x.excludedFrom(e, r.Field, rec.Today().String())}
		}
		result, err := draw.Draw(pool, s.Seed(), r.Size)
		if errors.Is(err, draw.ErrTooFew) {
			var v []fault.Violation
			for _, x := range result.Excluded {
				v = append(v, fault.Violation{Field: x.ID, Code: "excluded", Msg: x.Reason, MsgEN: x.Reason, Basis: []string{"ours"}})
			}
			return ErrPool.WithViolations(v...)
		}
		if err != nil {
			return err
		}
		e.PanelRound++
		e.State = Drawn
		e.Panel = &Panel{ID: fmt.Sprintf("%s-p%d", e.ID, e.PanelRound), Field: r.Field, Experts: result.Drawn, Seed: result.Seed, Pool: result.PoolSHA256}
		e.Share(result.Drawn...)
		var todo []aggregate.Todo
		for _, id := range result.Drawn {
			todo = append(todo, aggregate.Todo{Action: "panel_opinion", Role: "expert", Account: id, Title: "专家论证：" + e.Title})
		}
		e.Await(todo...)
		fact := &expertreviewv1.ExpertsDrawn{ProjectId: e.ProjectID, PanelId: e.Panel.ID, Seed: result.Seed, PoolSha256: result.PoolSHA256, Drawn: result.Drawn}
		for _, x := range result.Excluded {
			fact.Exclusions = append(fact.Exclusions, &expertreviewv1.Exclusion{Expert: x.ID, Reason: x.Reason})
		}
		fact.Seats = seats(result.Drawn, experts)
		rec.State(e.ProjectID, fact)
		return s.Rules.Start(e.Base(), rec, e.Project.GetPack(), "expert_review", Office, rec.Today())
	})
}

// seats names whom the drawn experts work for, so that the ledger can hold it
// against who supplies the project.
func seats(drawn []string, experts []Expert) (list []*expertreviewv1.Seat) {
	for _, id := range drawn {
		i := slices.IndexFunc(experts, func(x Expert) bool { return x.ID == id })
		list = append(list, &expertreviewv1.Seat{Expert: id, Employer: experts[i].Employer})
	}
	return list
}

// excludedFrom says why an expert may not review a project; empty = may.
func (x *Expert) excludedFrom(e *Evaluation, field, today string) string {
	switch {
	case !x.Active || today < x.TermFrom || today > x.TermTo:
		return "不在聘期 / not in term"
	case !slices.Contains(x.Fields, field):
		return "专业不符 / other field"
	case x.Employer == e.Project.GetUnit() || x.Employer == e.Project.GetSupervisor():
		return "本单位回避 / own unit"
	case x.Employer == e.Agency:
		return "与评估机构同一单位 / employed by the evaluating agency"
	case slices.Contains(x.Conflicts, e.ProjectID) || slices.Contains(x.Conflicts, e.Project.GetUnit()):
		return "申报回避 / declared conflict"
	}
	return ""
}
