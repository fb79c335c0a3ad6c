package draw_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"egov/services/expertreview/draw"
)

func pool(n int) []draw.Candidate {
	var out []draw.Candidate
	for i := range n {
		out = append(out, draw.Candidate{ID: fmt.Sprintf("expert.%d", i), Unit: "u", Fields: []string{"network"}})
	}
	return out
}

func seed(i int) []byte { s := sha256.Sum256(fmt.Append(nil, i)); return s[:] }

func TestADrawCanBeRepeated(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := pool(rapid.IntRange(3, 30).Draw(t, "pool"))
		for i := range p {
			if rapid.IntRange(0, 4).Draw(t, "conflict") == 0 {
				p[i].Exclude = "conflict"
			}
		}
		n := rapid.IntRange(1, 7).Draw(t, "n")
		s := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed")
		first, err1 := draw.Draw(p, s, n)
		shuffled := rapid.Permutation(p).Draw(t, "order")
		second, err2 := draw.Draw(shuffled, s, n)
		if !reflect.DeepEqual(first, second) || !errors.Is(err1, err2) {
			t.Fatal("the order of the pool changes the draw")
		}
		if err1 != nil {
			return
		}
		for _, x := range first.Excluded {
			if slices.Contains(first.Drawn, x.ID) || x.Reason == "" {
				t.Fatal("an expert set aside was drawn, or set aside without a reason")
			}
		}
		if len(first.Drawn) != n || len(slices.Compact(slices.Sorted(slices.Values(first.Drawn)))) != n {
			t.Fatal(first.Drawn)
		}
	})
}

func TestEveryExpertHasTheSameChance(t *testing.T) {
	t.Parallel()
	const rounds = 9000
	hits := map[string]int{}
	for i := range rounds {
		r, err := draw.Draw(pool(9), seed(i), 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range r.Drawn {
			hits[id]++
		}
	}
	for id, n := range hits { // expected 3000 each, standard deviation 45; seeds are fixed
		if n < 2800 || n > 3200 {
			t.Errorf("%s drawn %d times of %d", id, n, rounds)
		}
	}
}

func TestTheSeedDecides(t *testing.T) {
	t.Parallel()
	a, _ := draw.Draw(pool(20), seed(1), 5)
	b, _ := draw.Draw(pool(20), seed(2), 5)
	if reflect.DeepEqual(a.Drawn, b.Drawn) || a.PoolSHA256 != b.PoolSHA256 {
		t.Fatal(a, b)
	}
}

func TestTooFew(t *testing.T) {
	t.Parallel()
	p := pool(3)
	p[0].Exclude = "own unit"
	r, err := draw.Draw(p, seed(1), 3)
	if !errors.Is(err, draw.ErrTooFew) || len(r.Excluded) != 1 {
		t.Fatal(r, err)
	}
}
