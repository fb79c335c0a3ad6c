package password_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"egov/services/identity"
	"egov/services/identity/password"
)

// cheap keeps tests fast; the cost in use is data of the district.
var cheap = identity.HashCost{MemoryKiB: 64, Passes: 1, Lanes: 1}

func TestHash(t *testing.T) {
	t.Parallel()
	h := password.New(cheap)
	hash, err := h.Hash(t.Context(), "Right-Horse-9")
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.Hash(t.Context(), "Right-Horse-9")
	if err != nil || again == hash {
		t.Fatalf("two hashes of one password are alike: %q %v", again, err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("text form: %s", hash)
	}
	for name, tt := range map[string]struct {
		given string
		want  bool
	}{
		"Right": {"Right-Horse-9", true}, "Wrong": {"Right-Horse-8", false}, "Empty": {"", false},
		"OtherCase": {"right-horse-9", false}, "Longer": {"Right-Horse-9 ", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := h.Matches(t.Context(), hash, tt.given); got != tt.want || err != nil {
				t.Errorf("%t %v", got, err)
			}
		})
	}
}

// A hash made under another cost is compared under that cost.
func TestCostTravels(t *testing.T) {
	t.Parallel()
	old, err := password.New(identity.HashCost{MemoryKiB: 32, Passes: 2, Lanes: 1}).Hash(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := password.New(cheap).Matches(t.Context(), old, "x"); !ok || err != nil {
		t.Errorf("%t %v", ok, err)
	}
}

func TestMatchesRefusesForeignHashes(t *testing.T) {
	t.Parallel()
	good, err := password.New(cheap).Hash(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	for name, hash := range map[string]string{
		"Empty": "", "Plain": "x", "OtherAlgorithm": strings.Replace(good, "argon2id", "argon2i", 1),
		"OtherVersion": strings.Replace(good, "v=19", "v=16", 1), "HugeMemory": strings.Replace(good, "m=64", "m=4000000", 1),
		"NoPasses": strings.Replace(good, "t=1", "t=0", 1), "Cut": good[:len(good)-8], "Blank": strings.Replace(good, "$m", " $m", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if ok, err := password.New(cheap).Matches(t.Context(), hash, "x"); ok || err == nil {
				t.Errorf("%t %v", ok, err)
			}
		})
	}
}

// Waiting for a slot ends with the caller.
func TestHashEndsWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := password.New(cheap)
	for range 100 { // select is fair: with a free slot either may win
		if _, err := h.Hash(ctx, "x"); errors.Is(err, context.Canceled) {
			return
		}
	}
	t.Error("a cancelled caller is never turned away")
}

func FuzzMatches(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g")
	f.Add("$argon2id$v=19$m=99999999999,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, hash string) {
		if len(hash) > 200 || strings.Contains(hash, "m=") && !strings.Contains(hash, "m=64,t=1,p=1") {
			return // what is slow is not what is looked for
		}
		if ok, _ := password.New(cheap).Matches(t.Context(), hash, "no such password"); ok {
			t.Errorf("%q matches", hash)
		}
	})
}

func BenchmarkMatches(b *testing.B) {
	h := password.New(identity.HashCost{MemoryKiB: 19456, Passes: 2, Lanes: 1})
	hash, err := h.Hash(b.Context(), "x")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if ok, err := h.Matches(b.Context(), hash, "x"); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
