package search

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"egov/libs/ledger"
)

var morning = time.Date(2026, 3, 2, 9, 0, 0, 0, time.FixedZone("", 8*60*60))

func fact(typ, data string) ledger.Entry {
	return ledger.Entry{
		ID: "1", Source: "declaration", Type: typ, Subject: "p-1", Time: morning, Unit: "education", Actor: "service:audit for audit.li", EventSeq: 1,
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Data: []byte(data),
	}
}

const submitted = "egov.declaration.v1.ProjectSubmitted"

// sample has everything that a row is found by.
var sample = fact(submitted, `{"project":{"title":"智慧校园（二期）ＡＢ-12 平台","amount_fen":"300000000","basis":["YP23-R-5.3.2"],"id":"0b8f1c1e-0000-4000-8000-00000000000a"},
	"decision_json":"{\"basis\":[\"YP23-M-13\"],\"text\":\"分析\",\"limit_fen\":7}","fee_fen":-5,"trace":["+规则"],"signature":{"value":"签名"},
	"quoted":"he said \"好的\"","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","filed_on":"2026-03-02","no":123456}`)

func TestMatches(t *testing.T) {
	t.Parallel()
	words := func(text string) Query {
		w, ok := Words(text)
		if !ok {
			t.Fatalf("%q cannot be searched for", text)
		}
		return Query{Words: w}
	}
	amounts := func(from, to int64) Query { return Query{Amounts: &Amounts{from, to}} }
	for name, c := range map[string]struct {
		q    Query
		want bool
	}{
		"nothing asked":                   {Query{}, true},
		"its project":                     {Query{Project: "p-1"}, true},
		"another project":                 {Query{Project: "p-2"}, false},
		"its trace":                       {Query{Trace: "0af7651916cd43dd8448eb211c80319c"}, true},
		"another trace":                   {Query{Trace: "1af7651916cd43dd8448eb211c80319c"}, false},
		"its unit":                        {Query{Unit: "education"}, true},
		"the beginning of its unit":       {Query{Unit: "educ"}, false},
		"the actor as recorded":           {Query{Person: "service:audit for audit.li"}, true},
		"who is acted for":                {Query{Person: "audit.li"}, true},
		"who acts":                        {Query{Person: "service:audit"}, true},
		"part of a name":                  {Query{Person: "audit"}, false},
		"its type":                        {Query{Type: submitted}, true},
		"a package of types":              {Query{Type: "egov.declaration.*"}, true},
		"another package":                 {Query{Type: "egov.decl.*"}, false},
		"two characters":                  {words("校园"), true},
		"two that are not neighbours":     {words("智校"), false},
		"across a bracket":                {words("校园（二期"), true},
		"a bracket of another width":      {words("校园(二期"), true},
		"capitals of full width":          {words("ab-12"), true},
		"several words in any order":      {words("平台 智慧"), true},
		"one word of two":                 {words("平台 智能"), false},
		"pairs of it, but not in a row":   {words("校园平台"), false},
		"a wildcard is a character":       {words("智慧%平台"), false},
		"an underscore is a character":    {words("智_慧校园"), false},
		"a backslash is a character":      {words(`智\慧校园`), false},
		"behind escapes":                  {words("好的"), true},
		"words of a decision's rules":     {words("分析"), false},
		"words of a trace":                {words("规则"), false},
		"words of a signature":            {words("签名"), false},
		"a hash is no word":               {words("9f86d08188"), false},
		"a day is no word":                {words("2026-03-02"), false},
		"a number is no word":             {words("123456"), false},
		"its provision":                   {Query{Provision: "YP23-R-5.3.2"}, true},
		"the article above":               {Query{Provision: "YP23-R-5.3"}, true},
		"the text":                        {Query{Provision: "YP23"}, true},
		"a provision below":               {Query{Provision: "YP23-R-5.3.2.1"}, false},
		"a neighbour by spelling":         {Query{Provision: "YP23-R-5.3.22"}, false},
		"a provision of the decision":     {Query{Provision: "YP23-M-13"}, true},
		"its amount":                      {amounts(300_000_000, 300_000_000), true},
		"one fen above":                   {amounts(300_000_001, math.MaxInt64), false},
		"one fen below":                   {amounts(8, 299_999_999), false},
		"a negative amount":               {amounts(math.MinInt64, 0), true},
		"a limit of a decision":           {amounts(6, 8), false},
		"from its instant":                {Query{From: morning}, true},
		"behind its instant":              {Query{From: morning.Add(time.Microsecond)}, false},
		"up to its instant, not included": {Query{To: morning}, false},
		"up to behind its instant":        {Query{To: morning.Add(time.Microsecond)}, true},
		"everything at once": {Query{
			Project: "p-1", Unit: "education", Person: "audit.li", Type: "egov.*", Provision: "YP23-M", Words: []string{"智慧"},
			Amounts: &Amounts{1, math.MaxInt64}, From: morning,
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.q.Matches(&sample); got != c.want {
				t.Errorf("matches: %t", got)
			}
			d := Describe(&sample)
			described := c.q.Describes(c.q.Terms(), &d)
			if c.want && !described {
				t.Error("its description hides it")
			}
			if columns := c.q.Project != "" || c.q.Trace != ""; c.q.Exact() && !columns && described != c.want {
				t.Error("its description alone should have said so")
			}
		})
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text  string
		words []string
		ok    bool
	}{
		"one word":              {"智慧", []string{"智慧"}, true},
		"one character":         {"智", []string{"智"}, false},
		"one of two too short":  {"智慧 校", []string{"智慧", "校"}, false},
		"parted by a wide gap":  {"智慧\u3000校园", []string{"智慧", "校园"}, true},
		"wide letters":          {"ＡＢ１", []string{"ab1"}, true},
		"signs alone":           {"%_", []string{"%_"}, false},
		"letters kept apart":    {"a-b", []string{"a-b"}, false},
		"digits":                {"12", []string{"12"}, true},
		"outside of the plane":  {"𠮷野", []string{"𠮷野"}, true},
		"nothing":               {" ", nil, true},
		"a number and its sign": {"〔2026〕1号", []string{"〔2026〕1号"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if words, ok := Words(c.text); ok != c.ok || !slices.Equal(words, c.words) {
				t.Errorf("%q %t", words, ok)
			}
		})
	}
}

// random makes facts out of few parts, so that questions find some of them.
func random(r *rand.Rand, i int) ledger.Entry {
	syllables := []string{"智慧", "校园", "平台", "园区", "慧校", "AB", "12", "、", " "}
	text := ""
	for range r.IntN(6) {
		text += syllables[r.IntN(len(syllables))]
	}
	e := fact([]string{submitted, "egov.procurement.v1.ContractFiled", "egov.procurement.v1.AwardMade"}[r.IntN(3)],
		fmt.Sprintf(`{"a":"%s","b_fen":"%d","c_fen":%d,"basis":["YP23-R-%d.%d"]}`, text, r.Int64N(1<<r.IntN(40)), r.Int64N(100)-50, r.IntN(3), r.IntN(3)))
	e.Unit, e.Actor = fmt.Sprint("unit-", r.IntN(4)), fmt.Sprintf("a.%d for b.%d", r.IntN(3), r.IntN(3))
	e.Time = morning.Add(time.Duration(i)*time.Minute - time.Duration(r.IntN(60))*time.Minute)
	return e
}

func question(r *rand.Rand) (q Query) {
	if r.IntN(3) == 0 {
		q.Unit = fmt.Sprint("unit-", r.IntN(5))
	}
	if r.IntN(4) == 0 {
		q.Person = fmt.Sprint("b.", r.IntN(4))
	}
	if r.IntN(3) == 0 {
		q.Type = []string{submitted, "egov.procurement.*", "egov.procurement.v1.AwardMade"}[r.IntN(3)]
	}
	if r.IntN(3) == 0 {
		q.Provision = []string{"YP23-R-1", "YP23-R-2.2", "YP23-R-9"}[r.IntN(3)]
	}
	if r.IntN(2) == 0 {
		q.Words = [][]string{{"智慧"}, {"校园", "12"}, {"智慧校园"}, {"ab"}, {"园区平台12"}}[r.IntN(5)]
	}
	if r.IntN(3) == 0 {
		from := r.Int64N(1 << r.IntN(40))
		q.Amounts = &Amounts{from - 20, from + r.Int64N(1<<30)}
	}
	if r.IntN(3) == 0 {
		q.From = morning.Add(time.Duration(r.IntN(BlockRows)) * time.Minute)
		q.To = q.From.Add(time.Duration(r.IntN(BlockRows)) * time.Minute)
	}
	return q
}

// answer is what a block says to a question, as it is read from the store.
func answer(t *testing.T, b Block, q *Query) *Set {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	list := func(x Term) []byte {
		i, ok := slices.BinarySearchFunc(b.Lists, x, func(l List, x Term) int { return cmp.Compare(l.Term, x) })
		if !ok {
			return nil
		}
		return b.Lists[i].Rows
	}
	s := All()
	for _, x := range q.Terms() {
		l := list(x)
		if l == nil {
			return new(Set)
		}
		must(s.Keep(l))
	}
	if q.Amounts != nil {
		var lists [][]byte
		for _, x := range q.AmountTerms() {
			if l := list(x); l != nil {
				lists = append(lists, l)
			}
		}
		must(s.KeepAmounts(q.Amounts, lists))
	}
	if !q.From.IsZero() {
		must(s.KeepTimes(q.From.UnixMicro(), q.To.UnixMicro(), b.Times))
	}
	return s
}

// TestABlockHidesNothing asks a block of random facts random questions: every
// row that matches is in the set, and where the sets are exact no other.
func TestABlockHidesNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 5))
	facts, rows := make([]ledger.Entry, BlockRows), make([]Description, BlockRows)
	for i := range facts {
		facts[i] = random(r, i)
		rows[i] = Describe(&facts[i])
	}
	b := Pack(rows)
	again := Pack(rows)
	if !slices.EqualFunc(b.Lists, again.Lists, func(x, y List) bool { return x.Term == y.Term && slices.Equal(x.Rows, y.Rows) }) {
		t.Error("the same rows give another block")
	}
	if !slices.IsSortedFunc(b.Lists, func(x, y List) int { return cmp.Compare(x.Term, y.Term) }) {
		t.Error("lists are not in order")
	}
	found := 0
	for n := range 300 {
		q := question(r)
		s := answer(t, b, &q)
		terms := q.Terms()
		for i := range facts {
			matches := q.Matches(&facts[i])
			if matches {
				found++
			}
			if matches && !s.has(i) || q.Exact() && !matches && s.has(i) {
				t.Fatalf("question %d %+v: row %d %s matches: %t, in the set: %t", n, q, i, facts[i].Data, matches, s.has(i))
			}
			if q.Describes(terms, &rows[i]) != s.has(i) {
				t.Fatalf("question %d %+v: row %d is described as %t, in the set: %t", n, q, i, !s.has(i), s.has(i))
			}
		}
	}
	if found < 1000 {
		t.Errorf("the questions find %d rows in all", found)
	}
	few := new(Set)
	for _, place := range []int{63, 64, BlockRows - 1} {
		few.add(place)
	}
	if got := slices.Collect(few.Places); !slices.Equal(got, []int{63, 64, BlockRows - 1}) || few.Count() != 3 || All().Count() != BlockRows {
		t.Error(got)
	}
}

// FuzzStored reads any bytes as what a block holds.
func FuzzStored(f *testing.F) {
	b := Pack(slices.Repeat([]Description{Describe(&sample)}, BlockRows))
	for _, l := range b.Lists[:3] {
		f.Add(l.Rows)
	}
	f.Add(b.Times)
	f.Add([]byte{asPlaces, 1, 0, 2, 0})
	f.Add([]byte{asPlaces, 0xff, 0xff})
	f.Fuzz(func(_ *testing.T, stored []byte) {
		s := All()
		_ = s.Keep(stored) // whatever it says: it ends, and does not panic
		_ = s.KeepAmounts(&Amounts{0, 1000}, [][]byte{stored})
		_ = s.KeepTimes(0, 1000, stored)
		s.Count()
	})
}

// FuzzDescribe describes any bytes as the data of a fact.
func FuzzDescribe(f *testing.F) {
	for _, seed := range []string{
		string(sample.Data), `{}`, `{"a":[[[{}]]]}`, `{"a":"\u667a\u6167"}`, `{"a_fen":1e9}`, `{"basis":[1,{"basis":"x"}]}`, `{"a`, `[`, `"`, `{"a":"\`, `{,}`, "{\"\xff\":\"\xff\xfe\"}",
	} {
		f.Add([]byte(seed), "智慧")
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		e := fact(submitted, string(data))
		d := Describe(&e)
		if !slices.IsSorted(d.Terms) || len(slices.Compact(slices.Clone(d.Terms))) != len(d.Terms) {
			t.Fatalf("terms are not in order: %v", d.Terms)
		}
		words, ok := Words(text)
		if !ok || !utf8.ValidString(text) || strings.ContainsRune(text, utf8.RuneError) {
			return
		}
		q := Query{Words: words}
		if q.Matches(&e) && !q.Describes(q.Terms(), &d) {
			t.Fatalf("%q is in %q and not found", text, data)
		}
	})
}
