package writebench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// cost is the processor time of one side, by who spends it. On a machine that
// does other work at the same time it says more than rates do: the work of
// others takes turns away and leaves processor time per submission as it is.
type cost struct{ service, postgres, redis, load time.Duration }

func (c cost) minus(o cost) cost {
	return cost{c.service - o.service, c.postgres - o.postgres, c.redis - o.redis, c.load - o.load}
}

func (c cost) plus(o cost) cost {
	return cost{c.service + o.service, c.postgres + o.postgres, c.redis + o.redis, c.load + o.load}
}

func (c cost) total() time.Duration { return c.service + c.postgres + c.redis + c.load }

// per is the cost of one of n submissions, in microseconds.
func (c cost) per(n int) string {
	each := func(d time.Duration) string {
		return strconv.FormatFloat(float64(d.Nanoseconds())/1e3/float64(n), 'f', 0, 64)
	}
	return fmt.Sprintf("%s µs of processor time: service %s, PostgreSQL %s, Redis %s, callers %s",
		each(c.total()), each(c.service), each(c.postgres), each(c.redis), each(c.load))
}

// spent is the processor time used so far by instance i, the servers and the
// callers, who are this process and those that it has waited for.
func (b *Bench) spent(ctx context.Context, i *instance) (c cost, err error) {
	if b.postmaster == 0 {
		return c, nil
	}
	if c.service, err = processTime(i.cmd.Process.Pid, false); err != nil {
		return c, err
	}
	if c.redis, err = processTime(b.redis, false); err != nil {
		return c, err
	}
	if c.postgres, err = processTime(b.postmaster, true); err != nil {
		return c, err
	}
	var backends []int
	if backends, err = children(b.postmaster); err != nil {
		return c, err
	}
	for _, pid := range backends {
		d, err := processTime(pid, false)
		if err != nil && ctx.Err() != nil {
			return c, ctx.Err()
		}
		c.postgres += d // one that has ended since is the postmaster's
	}
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			return c, err
		}
		c.load += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return c, nil
}

// find learns which processes the servers are. Without /proc nothing is known
// of processor times, and nothing reported.
func (b *Bench) find(ctx context.Context) error {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return nil // another system
	}
	var file string
	if err := b.super.QueryRow(ctx, "SELECT pg_read_file('postmaster.pid')").Scan(&file); err != nil {
		return err
	}
	first, _, _ := strings.Cut(file, "\n")
	postmaster, err := strconv.Atoi(first)
	if err != nil {
		return err
	}
	o, err := redis.ParseURL(b.o.RedisURL)
	if err != nil {
		return err
	}
	c := redis.NewClient(o)
	defer c.Close()
	info, err := c.InfoMap(ctx, "server").Result()
	if err != nil {
		return err
	}
	if b.redis, err = strconv.Atoi(info["Server"]["process_id"]); err != nil {
		return err
	}
	b.postmaster = postmaster
	return nil
}

// tick is the unit of times under /proc (USER_HZ), the same on every Linux.
const tick = 10 * time.Millisecond

// processTime is the processor time of a process, with ended those of its
// children that have ended as well.
func processTime(pid int, ended bool) (time.Duration, error) {
	f, err := stat(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, err
	}
	// proc(5): utime, stime, cutime and cstime are the fields 14 to 17.
	n := 2
	if ended {
		n = 4
	}
	var sum time.Duration
	for _, s := range f[11 : 11+n] {
		t, err := strconv.Atoi(s)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(t) * tick
	}
	return sum, nil
}

// stat gives the fields of a stat file from the third on: the second is a name
// in parentheses that may hold anything.
func stat(path string) ([]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	const fields = 15 // as many as are read of it
	if len(f) < fields {
		return nil, fmt.Errorf("%s is not as expected: %q", path, raw)
	}
	return f, nil
}

// children are the processes whose parent pid is.
func children(pid int) (out []int, err error) {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, path := range all {
		f, err := stat(path)
		if err != nil || f[1] != strconv.Itoa(pid) {
			continue // ended meanwhile, or somebody else's
		}
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return nil, err
		}
		out = append(out, child)
	}
	return out, nil
}
