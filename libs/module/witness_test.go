package module_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"egov/libs/authn"
	"egov/libs/conf"
	"egov/libs/host"
	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
	"egov/libs/ledger/witness"
	"egov/libs/module"
	"egov/libs/module/moduletest"
	ledgerv1 "egov/proto/gen/egov/ledger/v1"
)

// audit is a ledger of few rows, its operator and its keys.
type audit struct {
	t      *testing.T
	head   ledger.Head
	tree   ledger.Tree
	chains []ledger.Hash
	signer *checkpoint.Signer
	keys   checkpoint.Keys
}

func newAudit(t *testing.T) *audit {
	t.Helper()
	const origin = "test.egov/ledger"
	secret, verifier, err := checkpoint.GenerateKey(checkpoint.Ed25519, origin)
	must(t, err)
	signer, err := checkpoint.NewSigner(secret, nil)
	must(t, err)
	return &audit{
		t: t, head: ledger.Genesis(origin), signer: signer,
		keys: checkpoint.Keys{Origin: origin, Keys: []checkpoint.Key{{Verifier: verifier, Role: checkpoint.RoleLog}}},
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (a *audit) Nodes(_ context.Context, _ uint, begin, end uint64) ([]ledger.Hash, error) {
	return a.chains[begin:end], nil
}

func (a *audit) grow(rows int, salt string) {
	for i := range rows {
		row := a.head.Append(fmt.Appendf(nil, `{"%s":%d}`, salt, i))
		a.chains = append(a.chains, row.Chain)
		a.tree.Append(row.Chain, nil)
	}
}

// says announces the ledger with the proof from an earlier size.
func (a *audit) says(from uint64) *ledgerv1.CheckpointSigned {
	a.t.Helper()
	note, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: a.keys.Origin, Size: a.head.Size, Root: a.tree.Root(), SM3Chain: a.head.SM3Chain}, a.signer)
	must(a.t, err)
	trust, err := checkpoint.NewTrust(a.keys)
	must(a.t, err)
	signed, err := trust.OpenUnwitnessed(note)
	must(a.t, err)
	proofs := map[uint64][]ledger.Hash{}
	if from > 0 {
		proofs[from], err = ledger.NewProver(a, a.head.Size).Consistency(a.t.Context(), from)
		must(a.t, err)
	}
	f, err := witness.Announce(signed, a.keys, proofs, a.signer)
	must(a.t, err)
	return f
}

// TestEveryServiceWitnessesTheLedger has two services over one Redis hear of one
// ledger: each answers for itself, and both refuse another history.
func TestEveryServiceWitnessesTheLedger(t *testing.T) {
	t.Parallel()
	first := moduletest.Start(t, "notes", "2026-03-02", notes)
	second := moduletest.Start(t, "ledgers", "2026-03-02", func(c conf.Service) host.Service {
		return module.New(module.Module{Name: "ledgers", Title: "台账", Duty: "finance", Setup: func(context.Context, *module.Kit) error { return nil }}, c)
	}, func(c *conf.Service) { c.Redis.URL = first.Config.Redis.URL })
	services := []*moduletest.Service{first, second}

	a := newAudit(t)
	a.grow(20, "x")
	first.Other("auditexport").State(witness.Subject, "audit", a.says(0))
	for _, s := range services {
		f := s.Stated(witness.Subject, &ledgerv1.CheckpointCosigned{})
		if f.Data["size"] != "20" || f.Actor != "service:"+s.Name {
			t.Fatalf("%s: %+v", s.Name, f)
		}
	}
	fork := newAudit(t)
	fork.signer, fork.keys = a.signer, a.keys
	fork.grow(30, "y")
	first.Other("auditexport").State(witness.Subject, "audit", fork.says(20))
	for _, s := range services {
		if f := s.Stated(witness.Subject, &ledgerv1.CheckpointRefused{}); f.Data["code"] != string(ledger.CodeFork) || f.Data["seen_size"] != "20" {
			t.Errorf("%s: %+v", s.Name, f)
		}
		var said module.Witnessed
		s.With(authn.Principal{}).Get("/v1/witness").OK(&said)
		if said.Seen.Size != 20 || !said.Last.Alarming() || len(said.Keys) != 2 {
			t.Errorf("%s: %+v", s.Name, said)
		}
		if !strings.Contains(metrics(t, s), "egov_witness_refused") {
			t.Errorf("%s shows no metric", s.Name)
		}
	}
	a.grow(20, "x")
	first.Other("auditexport").State(witness.Subject, "audit", a.says(20))
	for _, s := range services {
		s.Await("the honest history", func() bool { return s.Count(witness.Subject, &ledgerv1.CheckpointCosigned{}) == 2 })
	}
}

func metrics(t *testing.T, s *moduletest.Service) string {
	t.Helper()
	r, err := http.Get(s.URL + "/metrics")
	must(t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	must(t, err)
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "egov_witness_refused") && strings.HasSuffix(strings.TrimSpace(line), " 1") {
			return line
		}
	}
	return ""
}
