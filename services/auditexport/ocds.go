package auditexport

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"egov/libs/calendar"
)

// What both Open Contracting documents share.

// object is one JSON object.
type object = map[string]any

// publisher stands on every package.
const publisher = "区审计局"

// money is an amount: yuan with two decimals. There is no amount of nothing.
func money(fen number) any {
	if fen <= 0 {
		return nil
	}
	return object{"amount": json.Number(fmt.Sprintf("%d.%02d", fen/100, fen%100)), "currency": "CNY"}
}

// at is the date-time at which a day begins; nothing for what is no day.
func at(day string) any {
	d, err := calendar.ParseDate(day)
	if err != nil {
		return nil
	}
	return d.Start().Format(time.RFC3339)
}

// known is a count that is known.
func known(n int) any {
	if n <= 0 {
		return nil
	}
	return n
}

func instant(t time.Time) string { return t.In(calendar.Shanghai).Format(time.RFC3339) }

// pruned strikes what says nothing: nil, empty texts, lists and objects. The
// standards take an absent member for "not known"; an empty one is an error.
func pruned(v any) any {
	switch v := v.(type) {
	case object:
		for k, x := range v {
			if x = pruned(x); x == nil {
				delete(v, k)
			} else {
				v[k] = x
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		v = slices.DeleteFunc(v, func(x any) bool { return pruned(x) == nil })
		if len(v) == 0 {
			return nil
		}
		return v
	case string:
		if v == "" {
			return nil
		}
	}
	return v
}

// organization is a party or a reference to one.
func organization(id, name string) object { return object{"id": id, "name": name} }

// scheme marks unified social credit codes (GB 32100). The register of
// organization schemes has no entry that covers them all.
const scheme = "CN-USCC"

func supplierID(name, credit string) string {
	if credit != "" {
		return scheme + "-" + credit
	}
	return name
}

func buyer(unit string) object {
	o := organization(unit, unit)
	o["roles"] = []any{"buyer", "procuringEntity"}
	return o
}

func supplier(name, credit string) object {
	if name == "" {
		return nil
	}
	o := organization(supplierID(name, credit), name)
	o["roles"] = []any{"supplier"}
	if credit != "" {
		o["identifier"] = object{"scheme": scheme, "id": credit, "legalName": name}
	}
	return o
}

// release is what one fact adds to a contracting process, OCDS 1.1: its id is
// that of the event, so that each leads to its row.
type release struct {
	id   string
	date time.Time
	tag  string
	says object
}

// ocid is the id of the project's contracting process. The prefix is not one
// registered with the standard's register; a publisher sets its own before
// publishing.
func ocid(project string) string { return "ocds-egov-" + project }

// release is the part of a fact that OCDS has words for.
func (h *history) release(f *fact) (release, bool) {
	r := release{id: f.ID, date: f.Time}
	id := ocid(h.id)
	awardID := id + "-award"
	tender := func(more object) object {
		t := object{"id": id + "-tender", "title": h.title}
		maps.Copy(t, more)
		return t
	}
	switch f.Type {
	case projectSubmitted:
		if r.tag = "planning"; len(h.releases) > 0 { // submitted again after a return
			r.tag = "planningUpdate"
		}
		r.says = object{
			"buyer": organization(h.unit, h.unit), "parties": []any{buyer(h.unit)},
			"planning": object{"budget": object{"project": h.title, "projectID": h.id, "amount": money(h.declared)}},
		}
	case budgetIssued, budgetAdjusted:
		r.tag = "planningUpdate"
		r.says = object{"planning": object{"budget": object{"id": f.DocumentNo, "amount": money(f.AmountFen)}}}
	case procurementBegun:
		r.tag = "tender"
		r.says = object{"tender": tender(object{
			"status": "planned", "procurementMethodDetails": f.Method, "procuringEntity": organization(h.unit, h.unit),
		})}
	case tenderPublished:
		r.tag = "tenderUpdate"
		r.says = object{"tender": tender(object{
			"status": "active", "value": money(f.ValueFen), "tenderPeriod": object{"startDate": at(f.PublishedOn)},
			"documents": []any{object{"id": cmp.Or(f.NoticeNo, "notice"), "documentType": "tenderNotice", "datePublished": at(f.PublishedOn)}},
		})}
	case awardMade:
		r.tag = "award"
		r.says = object{
			"parties": []any{supplier(f.Supplier, f.SupplierCreditCode)},
			"tender":  tender(object{"status": "complete", "numberOfTenderers": known(f.Bidders)}),
			"awards": []any{object{
				"id": awardID, "title": h.title, "status": "active", "date": at(f.AwardedOn), "value": money(f.ValueFen),
				"suppliers": []any{organization(supplierID(f.Supplier, f.SupplierCreditCode), f.Supplier)},
			}},
		}
	case contractFiled:
		r.tag = "contract"
		r.says = object{"contracts": []any{object{
			"id": contractID(f.ContractNo), "awardID": awardID, "title": h.title, "status": "active", "value": money(f.ValueFen),
			"period": object{"startDate": at(f.EffectiveOn), "endDate": at(f.EndsOn)}, "documents": f.attached(),
		}}}
		if h.award == 0 { // a contract without a procedure of its own awards itself
			r.says["parties"] = []any{supplier(f.Supplier, "")}
			r.says["awards"] = []any{object{
				"id": awardID, "title": h.title, "status": "active", "date": at(f.EffectiveOn), "value": money(f.ValueFen),
				"suppliers": []any{organization(supplierID(f.Supplier, ""), f.Supplier)},
			}}
		}
	case contractAmended:
		r.tag = "contractAmendment"
		r.says = object{"contracts": []any{object{
			"id": contractID(f.ContractNo), "awardID": awardID, "value": money(f.ValueFen),
			"amendments": []any{object{"id": cmp.Or(f.AmendmentNo, f.ID), "date": at(f.EffectiveOn), "rationale": f.Reason, "releaseID": f.ID}}, "documents": f.attached(),
		}}}
	case paymentRecorded:
		r.tag = "implementation"
		r.says = object{"contracts": []any{object{
			"id": contractID(f.ContractNo), "awardID": awardID,
			"implementation": object{"transactions": []any{object{
				"id": cmp.Or(f.PaymentID, f.ID), "date": at(f.PaidOn), "value": money(f.AmountFen),
				"payer": organization(h.unit, h.unit), "payee": object{"name": f.Payee},
			}}},
		}}}
	case acceptancePassed:
		if h.contractNo == "" {
			return r, false
		}
		r.tag = "implementationUpdate"
		r.says = object{"contracts": []any{object{
			"id": contractID(h.contractNo), "awardID": awardID,
			"implementation": object{"milestones": []any{object{
				"id": "acceptance", "title": "竣工验收", "type": "delivery", "status": "met", "dateMet": at(f.AcceptedOn),
			}}},
		}}}
	case projectClosed:
		if h.contractNo == "" {
			return r, false
		}
		r.tag = "contractTermination"
		r.says = object{"contracts": []any{object{"id": contractID(h.contractNo), "awardID": awardID, "status": "terminated"}}}
	default:
		return r, false
	}
	return r, true
}

// attached are the papers that a fact names, each by the hash of its content.
func (f *fact) attached() (list []any) {
	for _, d := range f.Documents {
		if d.SHA256 != "" {
			list = append(list, object{"id": d.SHA256, "title": d.Name, "format": d.MediaType})
		}
	}
	return list
}

func contractID(no string) string { return cmp.Or(no, "contract") }

// whole is the release as a document of its own.
func (r release) whole(project string) object {
	o := object{
		"ocid": ocid(project), "id": r.id, "date": instant(r.date), "tag": []any{r.tag}, "initiationType": "tender", "language": "zh",
	}
	maps.Copy(o, copied(r.says).(object))
	return pruned(o).(object)
}

// ocds is the record package: every release, and what they come to.
func (h *history) ocds() object {
	if len(h.releases) == 0 {
		return nil
	}
	slices.SortStableFunc(h.releases, func(a, b release) int { return a.date.Compare(b.date) })
	releases := make([]any, 0, len(h.releases))
	compiled := object{}
	for _, r := range h.releases {
		one := r.whole(h.id)
		releases = append(releases, one)
		merge(compiled, copied(one).(object))
	}
	date := compiled["date"].(string)
	compiled["id"], compiled["tag"] = ocid(h.id)+"-"+date, []any{"compiled"}
	return object{
		"uri": "urn:egov:ocds-record:" + url.PathEscape(h.id), "version": "1.1", "publishedDate": date,
		"publisher": object{"name": publisher},
		"records":   []any{object{"ocid": ocid(h.id), "releases": releases, "compiledRelease": compiled}},
	}
}

// merge adds what a later release says to what earlier ones came to, by the
// standard's merge rules: members replace members, objects merge, and so do
// the objects of a list that have the same id.
func merge(into, later object) {
	for k, v := range later {
		switch v := v.(type) {
		case object:
			if o, ok := into[k].(object); ok {
				merge(o, v)
				continue
			}
		case []any:
			if list, ok := into[k].([]any); ok && identified(v) {
				into[k] = mergeList(list, v)
				continue
			}
		}
		into[k] = v
	}
}

func identified(list []any) bool {
	return !slices.ContainsFunc(list, func(x any) bool { o, ok := x.(object); return !ok || o["id"] == nil })
}

func mergeList(list, later []any) []any {
	for _, v := range later {
		o := v.(object)
		i := slices.IndexFunc(list, func(x any) bool { return x.(object)["id"] == o["id"] })
		if i < 0 {
			list = append(list, o)
			continue
		}
		merge(list[i].(object), o)
	}
	return list
}

// copied is a copy that shares no object or list.
func copied(v any) any {
	switch v := v.(type) {
	case object:
		o := make(object, len(v))
		for k, x := range v {
			o[k] = copied(x)
		}
		return o
	case []any:
		l := make([]any, len(v))
		for i, x := range v {
			l[i] = copied(x)
		}
		return l
	}
	return v
}
