package module

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestSmallHeapsGrowToTheRoomTheyHave(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name       string
		live, room int64
		want       int
	}{
		{"nothing is known", 0, roomy, gcPercent},
		{"a small heap", 8 << 20, roomy, 1500},
		{"a heap as large as its room", roomy, roomy, gcPercent},
		{"a heap beyond its room", 4 * roomy, roomy, gcPercent},
		{"a tiny heap", 1, 1 << 40, 1<<31 - 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := percentFor(tc.live, tc.room); got != tc.want {
				t.Errorf("%d, want %d", got, tc.want)
			}
		})
	}
}

func TestMemoryLimitOfAControlGroup(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"max\n": 0, "536870912\n": 512 << 20, "9223372036854771712\n": 0, "": 0} {
		if got := memoryLimit([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// The collector is the whole process's: the test is not parallel.
func TestTheCollectorIsSetAnewAfterEveryCollection(t *testing.T) {
	before, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	defer func() { debug.SetGCPercent(before); debug.SetMemoryLimit(limit) }()
	tuneMemory(1<<30, func(string) string { return "" })
	if got := debug.SetMemoryLimit(-1); got != (1<<30)/100*ofLimit {
		t.Errorf("the limit is %d", got)
	}
	debug.SetGCPercent(50) // what the next collection is to replace
	deadline := time.Now().Add(10 * time.Second)
	for {
		runtime.GC()
		got := debug.SetGCPercent(50)
		if got >= gcPercent {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("it still grows by %d%%", got)
		}
		runtime.Gosched()
	}
}
