package demo

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"egov/libs/policy"
	"egov/services/suite/demo"
	"egov/tools/egov/cli"
)

func TestTableShowsHowProjectsEnded(t *testing.T) {
	t.Parallel()
	var w bytes.Buffer
	err := table(&w, demo.Report{
		Projects: []demo.ProjectReport{
			{ID: "a", Title: "政务云安全运维", Route: "filing", Stage: "operating", Deadlines: demo.Deadlines{Met: 2, Late: 1}, Amounts: demo.Amounts{DeclaredFen: 90000000, ContractFen: 89000000}},
			{ID: "b", Title: strings.Repeat("长", 40), Route: "government_investment", Stage: "handed_over"},
		},
		Facts: 7, Ledger: demo.LedgerReport{Rows: 7, Verified: true}, Seconds: 3.4,
	})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(w.String(), "\n")
	for i, parts := range map[int][]string{
		2: {"政务云安全运维", "filing", "operating", "2/1", "900,000.00", "–", "890,000.00"},
		3: {"长…", "government_investment", "handed_over", "0/0"},
		5: {"facts 7", "ledger 7 ✓", "trace ✗", "3s"},
	} {
		for _, p := range parts {
			if !strings.Contains(lines[i], p) {
				t.Errorf("line %d has no %q: %s", i, p, lines[i])
			}
		}
	}
}

func TestTemporaryDataGo(t *testing.T) {
	t.Parallel()
	var w bytes.Buffer
	dir, discard, err := options{}.directory(&w)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o011 != 0o011 {
		t.Fatalf("another user cannot reach %s: %v, %v", dir, info, err)
	}
	if err := discard(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", dir, err)
	}
}

func TestGivenDataStay(t *testing.T) {
	t.Parallel()
	var w bytes.Buffer
	o := options{data: filepath.Join(t.TempDir(), "data")}
	dir, discard, err := o.directory(&w)
	if err != nil || dir != o.data {
		t.Fatalf("%s, %v", dir, err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "postgres"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := discard(); err != nil || !strings.Contains(w.String(), "egov up --data "+dir) {
		t.Errorf("%q, %v", w.String(), err)
	}
	if _, err := os.Stat(filepath.Join(dir, "postgres")); err != nil {
		t.Error(err)
	}
	if _, _, err := o.directory(&w); cli.Code(err) != cli.BadInput {
		t.Errorf("data of another time are taken for fresh: %v", err)
	}
}

func TestPackIsTheOneInForce(t *testing.T) {
	t.Parallel()
	script, err := demo.ReadScript(nil)
	if err != nil {
		t.Fatal(err)
	}
	for pack, code := range map[string]int{"": cli.OK, "yangpu-2023": cli.OK, "yangpu-2021": cli.BadInput, example: cli.OK} {
		r, err := options{pack: pack}.rules()
		if err != nil {
			t.Fatal(err)
		}
		if err := r.holds(script); (err == nil) != (code == cli.OK) || err != nil && cli.Code(err) != code {
			t.Errorf("%q: %v", pack, err)
		}
	}
	if _, err := (options{pack: "atlantis"}).rules(); !errors.Is(err, policy.ErrUnknownPack) {
		t.Error(err)
	}
	if _, err := (options{pack: "no/such"}).rules(); cli.Code(err) != cli.BadInput {
		t.Error(err)
	}
}

// example is the pack of the district that exercises adoption.
var example = filepath.Join("..", "..", "..", "examples", "qinglan")

// TestFilesBesideThePack: a folder brings its own district, script and
// projects.
func TestFilesBesideThePack(t *testing.T) {
	t.Parallel()
	o := options{pack: example}
	r, err := o.rules()
	if err != nil {
		t.Fatal(err)
	}
	if r.district() != "qinglan" || !filepath.IsAbs(r.dir) {
		t.Errorf("district %q of %q", r.district(), r.dir)
	}
	_, script, err := o.read(New(), r)
	if err != nil {
		t.Fatal(err)
	}
	own, err := demo.ReadScript(nil)
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(script, own) {
		t.Error("the script beside the pack is passed over")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "demo.yaml"), []byte("days: {opens: soon}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.read(New(), rules{dir: dir}); cli.Code(err) != cli.BadInput {
		t.Errorf("a script that cannot be read: %v", err)
	}
}

func read(doc string) ([]demo.Published, error) {
	c := New()
	c.SetIn(strings.NewReader(doc))
	list, _, err := options{projects: "-"}.read(c, rules{})
	return list, err
}

func TestProjectsFile(t *testing.T) {
	t.Parallel()
	list, err := read(`{"about":"one","projects":[{"id":"a","title":"甲","kind":"service","amount_fen":100}]}`)
	if err != nil || len(list) != 1 || list[0].Title != "甲" {
		t.Errorf("%+v, %v", list, err)
	}
	for _, doc := range []string{``, `{"projects":[]}`, `{"projects":[{"id":"a"}]}`, `{"colour":1}`} {
		if _, err := read(doc); cli.Code(err) != cli.BadInput {
			t.Errorf("%s: %v", doc, err)
		}
	}
	if own, _, err := (options{}).read(New(), rules{}); err != nil || len(own) != 12 {
		t.Errorf("the suite carries %d projects, %v", len(own), err)
	}
}

// TestAFileIsRefusedBeforeAnythingStarts: the person reads every fault with its
// place, in two languages.
func TestAFileIsRefusedBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	c := New()
	c.SetArgs([]string{"--projects", "-"})
	c.SetIn(strings.NewReader(`{"projects":[{"id":"a","title":"甲","kind":"castle","amount_fen":100},{"id":"a","title":"","kind":"service","amount_fen":"1"}]}`))
	var said bytes.Buffer
	c.SetErr(&said)
	c.SilenceErrors, c.SilenceUsage = true, true
	err := c.ExecuteContext(t.Context())
	if code := cli.Report(&said, nil, err); code != cli.BadInput {
		t.Errorf("exit %d: %v", code, err)
	}
	for _, want := range []string{"项目文件有误", "projects[0].kind", "yangpu-2023的代码", "a code of yangpu-2023", "projects[1].id", "projects[1].title", "projects[1].amount_fen", "须为整数"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("nothing is said of %q:\n%s", want, said.String())
		}
	}
	if strings.Contains(said.String(), "starting") {
		t.Errorf("something was started:\n%s", said.String())
	}
}

// TestWhatIsAssumedIsSaid: one line a fact, with its projects.
func TestWhatIsAssumedIsSaid(t *testing.T) {
	t.Parallel()
	list, err := read(`{"projects":[{"id":"a","title":"甲","kind":"new_build","amount_fen":1500000000},{"id":"b","title":"乙","kind":"operation_maintenance","amount_fen":100}]}`)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	sayAssumed(&said, list)
	for _, want := range []string{
		"assumed: unit_kind = administrative: 全部项目 / every project\n", "assumed: pure_software = false: a\n", "assumed: hardware_fen = 300000000: a\n",
		"assumed: om.first_year = true: b\n", "assumed: in_use = true: b\n",
	} {
		if strings.Count(said.String(), want) != 1 {
			t.Errorf("no line %q:\n%s", want, said.String())
		}
	}
}
