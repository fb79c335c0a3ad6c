package checkpoint_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
)

// log is a ledger whose tree fits into one tile.
type log struct {
	head   ledger.Head
	tree   ledger.Tree
	chains []ledger.Hash
}

func newLog(rows int, salt string) *log {
	l := &log{head: ledger.Genesis(origin)}
	for i := range rows {
		row := l.head.Append(fmt.Appendf(nil, `{"%s":%d}`, salt, i))
		l.chains = append(l.chains, row.Chain)
		l.tree.Append(row.Chain, nil)
	}
	return l
}

func (l *log) Nodes(_ context.Context, _ uint, begin, end uint64) ([]ledger.Hash, error) {
	return l.chains[begin:end], nil
}

func (l *log) at() checkpoint.Checkpoint {
	return checkpoint.Checkpoint{Origin: origin, Size: l.head.Size, Root: l.tree.Root(), SM3Chain: l.head.SM3Chain}
}

func (l *log) path(t *testing.T, earlier uint64) []ledger.Hash {
	t.Helper()
	p, err := ledger.NewProver(l, l.head.Size).Consistency(context.Background(), earlier)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAWitnessSignsOneStoryOnly(t *testing.T) {
	t.Parallel()
	s := newSetting(t)
	w, err := checkpoint.NewWitness(trust(t, s.keys), s.finance.signer)
	if err != nil {
		t.Fatal(err)
	}
	first, longer, forked := newLog(50, "x"), newLog(80, "x"), newLog(80, "y")
	stranger := newPair(t, checkpoint.Ed25519, origin)

	_, seen, err := w.Cosign(checkpoint.Seen{}, sign(t, first.at(), s.ed.signer), nil)
	if err != nil || seen != (checkpoint.Seen{Size: 50, Root: first.tree.Root()}) {
		t.Fatalf("first sight: %+v, %v", seen, err)
	}
	sameSize := newLog(50, "y")
	for name, c := range map[string]struct {
		note []byte
		path []ledger.Hash
		code ledger.Code
	}{
		"the same again":             {sign(t, first.at(), s.sm.signer), nil, ""},
		"longer":                     {sign(t, longer.at(), s.ed.signer), longer.path(t, 50), ""},
		"longer without proof":       {sign(t, longer.at(), s.ed.signer), nil, ledger.CodeFork},
		"a fork with its own proof":  {sign(t, forked.at(), s.ed.signer), forked.path(t, 50), ledger.CodeFork},
		"a fork with an honest one":  {sign(t, forked.at(), s.ed.signer), longer.path(t, 50), ledger.CodeFork},
		"two trees of one size":      {sign(t, sameSize.at(), s.ed.signer), nil, ledger.CodeFork},
		"shorter":                    {sign(t, newLog(49, "x").at(), s.ed.signer), nil, ledger.CodeTruncated},
		"signed by a stranger":       {sign(t, longer.at(), stranger.signer), longer.path(t, 50), ledger.CodeUnknownKey},
		"already cosigned by others": {cosign(t, s, s.science, sign(t, longer.at(), s.ed.signer)), longer.path(t, 50), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, now, err := w.Cosign(seen, c.note, c.path)
			if code(err) != c.code || c.code == "" && err != nil {
				t.Fatalf("%v, want %q", err, c.code)
			}
			if err != nil {
				if out != nil || now != seen {
					t.Fatalf("refused, and yet %q, %+v", out, now)
				}
				return
			}
			opened, err := trust(t, s.keys).Open(out)
			if err != nil || now != (checkpoint.Seen{Size: opened.Size, Root: opened.Root}) {
				t.Fatalf("%+v, %v", now, err)
			}
			if names := opened.CosignedBy(); names[0] != "finance" {
				t.Fatalf("cosigned by %v", names)
			}
		})
	}
	if _, err := checkpoint.NewWitness(trust(t, s.keys), s.ed.signer); !errors.Is(err, checkpoint.ErrKey) {
		t.Fatalf("the ledger witnesses itself: %v", err)
	}
}

func TestAWitnessJoinsBeforeTheQuorumIsThere(t *testing.T) {
	t.Parallel()
	s := newSetting(t)
	s.keys.Quorum = 2
	l := newLog(5, "x")
	signed := sign(t, l.at(), s.ed.signer)
	one := cosign(t, s, s.finance, signed)
	two := cosign(t, s, s.science, signed)
	tr := trust(t, s.keys)
	if _, err := tr.Open(one); code(err) != ledger.CodeCosignature {
		t.Fatal(err)
	}
	merged, err := tr.Merge(signed, one, two, one)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tr.Open(merged)
	if err != nil || fmt.Sprint(got.CosignedBy()) != "[finance science]" {
		t.Fatal(got.CosignedBy(), err)
	}
	other := cosign(t, s, s.science, sign(t, newLog(5, "y").at(), s.ed.signer))
	if _, err := tr.Merge(signed, other); code(err) != ledger.CodeFork {
		t.Fatalf("cosignatures of two checkpoints were merged: %v", err)
	}
	stranger := newPair(t, checkpoint.Ed25519Cosignature, "stranger.example")
	unknown := cosign(t, s, stranger, signed)
	if merged, err = tr.Merge(signed, unknown); err != nil || string(merged) != string(signed) {
		t.Fatalf("a stranger's cosignature was taken over: %q, %v", merged, err)
	}
}
