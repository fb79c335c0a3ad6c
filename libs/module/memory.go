package module

import (
	"bytes"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
)

// The collector's settings: what an operator would set by GOGC and GOMEMLIMIT,
// which override them.
const (
	// gcPercent lets a service's small heap grow before it is collected: carrying
	// facts makes much short-lived garbage, and collecting it at Go's default
	// costs twice the processor time of the work itself.
	gcPercent = 400
	// roomy is the heap below which nothing is collected. A service keeps some
	// ten megabytes, so that a percentage of them alone is soon reached.
	roomy = 128 << 20
	// ofLimit is the part of the container's memory that Go may use, in percent,
	// and ofHeap the part of it that may be garbage for want of collecting.
	ofLimit, ofHeap = 90, 25
)

// tuneMemory sets the collector up for a process whose container has limit bytes
// of memory, 0 for none.
func tuneMemory(limit int64, env func(string) string) {
	room := int64(roomy)
	if limit > 0 {
		room = min(room, limit/100*ofHeap)
		if env("GOMEMLIMIT") == "" {
			debug.SetMemoryLimit(limit / 100 * ofLimit)
		}
	}
	if env("GOGC") == "" {
		keepRoom(room)
	}
}

// keepRoom sets the percentage after every collection anew, so that the heap
// grows to room at least before the next one.
func keepRoom(room int64) {
	debug.SetGCPercent(percentFor(live(), room))
	// A cleanup runs once after the collection that finds its object gone.
	runtime.AddCleanup(new([16]byte), keepRoom, room)
}

// percentFor is the percentage by which a heap with so many live bytes grows to
// room, or by gcPercent where that is more.
func percentFor(live, room int64) int {
	if live <= 0 {
		return gcPercent
	}
	return int(min(max(gcPercent, 100*room/live-100), math.MaxInt32))
}

// live is how many bytes the last collection kept.
func live() int64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return int64(s[0].Value.Uint64()) // no heap has 2^63 bytes
}

// containerMemory is the memory limit of the process's control group, 0 where
// there is none.
func containerMemory() int64 {
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if b, err := os.ReadFile(file); err == nil {
			return memoryLimit(b)
		}
	}
	return 0
}

// memoryLimit reads a control group's limit: a number, "max", or in version 1 a
// number beyond all memory.
func memoryLimit(b []byte) int64 {
	n, err := strconv.ParseInt(string(bytes.TrimSpace(b)), 10, 64)
	const unlimited = 1 << 60
	if err != nil || n >= unlimited {
		return 0
	}
	return n
}
