package auditexport

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
)

// oc4ids is the project package, OC4IDS 0.9.
func (h *history) oc4ids() object {
	parties := []any{object{"id": h.unit, "name": h.unit, "roles": []any{"publicAuthority", "buyer"}}}
	project := object{
		"id": h.id, "title": h.title, "language": "zh", "status": h.status(), "updated": instant(h.latest),
		"publicAuthority": organization(h.unit, h.unit),
		"budget":          object{"amount": money(h.budget), "approvalDate": at(h.issuedOn)},
	}
	project["identificationPeriod"] = object{"startDate": at(h.brief.GetDeclaredOn()), "endDate": at(h.decidedOn)}
	project["implementationPeriod"] = object{"startDate": at(h.effective), "endDate": at(h.acceptedOn)}
	if h.acceptedOn != "" {
		project["completion"] = object{"endDate": at(h.acceptedOn), "finalValue": money(h.final)}
	}
	if len(h.releases) > 0 {
		project["contractingProcesses"] = []any{h.contracting()}
	}
	if h.supplier != "" {
		parties = append(parties, supplier(h.supplier, h.credit))
	}
	project["parties"] = parties
	return pruned(object{
		"uri": "urn:egov:oc4ids-project:" + url.PathEscape(h.id), "version": "0.9", "publishedDate": instant(h.latest),
		"publisher": object{"name": publisher}, "projects": []any{project},
	}).(object)
}

// contracting sums the contracting process up and names its releases; the event
// of each is found by its id.
func (h *history) contracting() object {
	summary := object{
		"ocid": ocid(h.id), "title": h.title, "status": h.contractingStatus(),
		"tender": object{
			"procurementMethodDetails": h.method, "datePublished": at(h.published), "procuringEntity": organization(h.unit, h.unit),
			"numberOfTenderers": known(h.bidders), "costEstimate": money(h.estimate),
		},
		"modifications": h.modifications(), "transactions": h.transactions(), "milestones": h.milestones(),
		"contractValue": money(h.contract), "contractPeriod": object{"startDate": at(h.effective), "endDate": at(h.endsOn)},
	}
	if h.supplier != "" {
		summary["suppliers"] = []any{organization(supplierID(h.supplier, h.credit), h.supplier)}
	}
	if h.closed || h.acceptedOn != "" {
		summary["finalValue"] = money(h.final)
	}
	var releases []any
	for _, r := range slices.SortedStableFunc(slices.Values(h.releases), func(a, b release) int { return a.date.Compare(b.date) }) {
		releases = append(releases, object{"id": r.id, "tag": []any{r.tag}, "date": instant(r.date), "url": "urn:uuid:" + r.id})
	}
	return object{"id": ocid(h.id), "summary": summary, "releases": releases}
}

// modifications are what contracts were changed to.
func (h *history) modifications() (list []any) {
	for _, x := range h.amendments {
		list = append(list, object{
			"id": x.ID, "date": at(x.EffectiveOn), "rationale": x.Reason, "releaseID": x.ID,
			"oldContractValue": money(x.PreviousFen), "newContractValue": money(x.ValueFen),
		})
	}
	return list
}

// transactions are the payments.
func (h *history) transactions() (list []any) {
	for _, x := range h.payments {
		list = append(list, object{
			"id": cmp.Or(x.ID, strconv.FormatInt(x.Seq, 10)), "date": at(x.PaidOn), "value": money(number(x.Amount)),
			"payer": organization(h.unit, h.unit), "payee": object{"name": x.Payee},
		})
	}
	return list
}

// milestones are the acceptance, once it is passed.
func (h *history) milestones() []any {
	if h.acceptedOn == "" {
		return nil
	}
	return []any{object{"id": "acceptance", "title": "竣工验收", "type": "delivery", "status": "met", "dateMet": at(h.acceptedOn)}}
}

// status is the project's by the standard's closed list.
func (h *history) status() string {
	switch {
	case h.outcome == "refused" || h.outcome == "stopped" || h.withdrawn:
		return "cancelled"
	case h.acceptedOn != "":
		return "completion"
	case h.contracts > 0:
		return "implementation"
	case h.approved > 0:
		return "preparation"
	}
	return "identification"
}

func (h *history) contractingStatus() string {
	switch {
	case h.closed:
		return "closed"
	case h.contracts > 0:
		return "active"
	}
	return "pre-award"
}
