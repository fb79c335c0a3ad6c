package module_test

import (
	"slices"
	"testing"

	"egov/libs/module/moduletest"
	calendarv1 "egov/proto/gen/egov/calendar/v1"
	"egov/services/identity"
)

// notice2027 is an invented notice in the manner of the yearly ones.
func notice2027(change ...func(fields)) fields {
	day := func(zh, en, from, to string) fields {
		return fields{"name": zh, "name_en": en, "from": from, "to": to}
	}
	n := fields{
		"year": 2027, "notice": "示例放假通知〔2026〕1号",
		"off": []fields{
			day("元旦", "New Year's Day", "2027-01-01", "2027-01-03"),
			day("春节", "Spring Festival", "2027-02-05", "2027-02-11"),
			{"name": "清明节", "name_en": "Qingming Festival", "from": "2027-04-05"},
			day("劳动节", "Labour Day", "2027-05-01", "2027-05-05"),
			{"name": "端午节", "name_en": "Dragon Boat Festival", "from": "2027-06-09"},
			{"name": "中秋节", "name_en": "Mid-Autumn Festival", "from": "2027-09-15"},
			day("国庆节", "National Day", "2027-10-01", "2027-10-07"),
		},
		"work": []fields{day("春节", "Spring Festival", "2027-01-30", "2027-01-31")},
	}
	for _, f := range change {
		f(n)
	}
	return n
}

func order2026(change ...func(fields)) fields {
	n := fields{
		"year": 2026, "notice": "示例区政府通知〔2026〕2号", "kind": "amendment", "work": []fields{},
		"off": []fields{{"name": "重大活动调休", "name_en": "days off for a major event", "from": "2026-11-23", "to": "2026-11-24"}},
	}
	for _, f := range change {
		f(n)
	}
	return n
}

func TestHolidaysArePublished(t *testing.T) {
	t.Parallel()
	w := start(t)
	operator, anybody := w.signIn("operator"), w.signIn("edu.declarer")
	var got identity.Holidays
	anybody.get("/v1/holidays").OK(&got)
	if len(got.Items) != 0 || len(got.Years) != 2 || !got.Years[0].Published || got.Years[1].Published || got.Years[1].Year != 2027 {
		t.Fatalf("%+v", got)
	}
	operator.post("/v1/holidays", notice2027(), moduletest.Key("h1")).OK(&got)
	operator.post("/v1/holidays", notice2027(), moduletest.Key("h1")).OK(&got)
	operator.post("/v1/holidays", order2026()).OK(nil)
	if n := w.Count("holidays", &calendarv1.HolidaysPublished{}); n != 2 {
		t.Fatalf("%d facts", n)
	}
	corrected := notice2027(func(n fields) { n["notice"], n["work"] = "更正通知", []fields{} })
	operator.post("/v1/holidays", corrected).OK(nil)
	got = identity.Holidays{}
	anybody.get("/v1/holidays").OK(&got)
	var numbers []string
	for _, n := range got.Items {
		numbers = append(numbers, n.Notice)
	}
	if !slices.Equal(numbers, []string{"更正通知", "示例区政府通知〔2026〕2号"}) || got.Years[1].Notice != "更正通知" || got.Items[0].PublishedBy != "operator" || got.Items[0].PublishedOn.String() != "2026-03-02" {
		t.Fatalf("%+v", got)
	}
	fact := w.Stated("holidays", &calendarv1.HolidaysPublished{})
	if fact.Unit != "platform" || fact.Actor != "operator" || fact.Data["notice_id"] != "notice/2027" || fact.Data["version"] != "3" || fact.Data["signature"] == nil {
		t.Fatalf("%+v", fact)
	}

	w.anybody().get("/v1/holidays").Refused(401, "sign_in_required")
	for _, account := range []string{"edu.declarer", "account-admin", "audit.auditor"} {
		w.signIn(account).post("/v1/holidays", notice2027()).Refused(403, "role_required")
	}
}

// What is wrong with a notice is named all at once, and nothing comes of it.
func TestHolidaysThatCannotBe(t *testing.T) {
	t.Parallel()
	w := start(t)
	operator := w.signIn("operator")
	operator.post("/v1/holidays", order2026()).OK(nil)
	set := func(key string, value any) func(fields) { return func(n fields) { n[key] = value } }
	day := func(from, to string) []fields {
		return []fields{{"name": "调休", "name_en": "day off", "from": from, "to": to}}
	}
	for name, tt := range map[string]struct {
		body  fields
		codes []string
	}{
		"AMakeUpDayThatIsWorkedAnyway": {notice2027(set("work", day("2027-01-29", "2027-01-29"))), []string{"already_worked"}},
		"BothOffAndWorked":             {notice2027(set("work", day("2027-02-06", "2027-02-06"))), []string{"duplicate_day"}},
		"OutsideItsYear":               {order2026(set("off", day("2027-03-01", "2027-03-01"))), []string{"other_year"}},
		"EndsBeforeItBegins":           {order2026(set("off", day("2026-11-24", "2026-11-20"))), []string{"out_of_range"}},
		"APastYear":                    {order2026(set("year", 2025), set("off", day("2025-11-24", "2025-11-24"))), []string{"past_year"}},
		"NoNumberAndAPastYear":         {order2026(set("year", 2025), set("notice", ""), set("off", day("2025-11-24", "2025-11-24"))), []string{"past_year", "required"}},
		"AnUnknownKind":                {order2026(set("kind", "rumour")), []string{"unknown_kind"}},
		"LacksAHolidayOfTheLaw":        {notice2027(set("off", day("2027-01-01", "2027-01-03"))), []string{"lacks_statutory_holiday"}},
		"TheOppositeOfAnotherOrder": {order2026(set("notice", "另一通知"), set("off", []fields{}),
			set("work", day("2026-11-23", "2026-11-23"))), []string{"contradiction"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := operator.post("/v1/holidays", tt.body).Refused(400, "invalid_input")
			var codes []string
			for _, v := range p.Violations {
				codes = append(codes, v.Code)
			}
			slices.Sort(codes)
			if !slices.Equal(slices.Compact(codes), tt.codes) {
				t.Fatalf("%+v", p.Violations)
			}
		})
	}
	if n := w.Count("holidays", &calendarv1.HolidaysPublished{}); n != 1 {
		t.Errorf("%d facts: a refused notice left a trace", n)
	}
	operator.post("/v1/holidays", `{"year":2026,"moon":true}`).Refused(400, "invalid_input")
}
