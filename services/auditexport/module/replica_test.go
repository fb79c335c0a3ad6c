package module_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"egov/libs/conf"
	"egov/libs/host"
	"egov/libs/ledger"
	"egov/libs/module/moduletest"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/auditexport/module"
)

// asReplica makes this test binary the service itself: a process that can be
// killed.
const asReplica = "AUDITEXPORT_TEST_REPLICA"

// replica is the service in a process of its own.
type replica struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// launch starts a replica over the configuration of c.
func launch(t *testing.T, c conf.Service) *replica {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asReplica+"=1",
		"EGOV_LISTEN=127.0.0.1:0", "EGOV_DATABASE_URL="+string(c.Database.URL), "EGOV_DATABASE_OWNER_URL="+string(c.Database.OwnerURL),
		"EGOV_DATABASE_ROLE="+c.Database.Role, "EGOV_REDIS_URL="+string(c.Redis.URL), "EGOV_AUTH_JWKS_URL="+c.Auth.JWKSURL,
		"EGOV_CLOCK_FILE="+c.Clock.File, "EGOV_KEYS_DIR="+c.Keys.Dir, "EGOV_KEYS_REGISTER="+c.Keys.Register, "EGOV_LOG_LEVEL=warn")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &replica{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		logLines(t, cmd.Process.Pid, log)
		_ = cmd.Wait() // killed, as a rule
	}()
	t.Cleanup(r.kill)
	return r
}

func logLines(t *testing.T, pid int, r io.Reader) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		t.Logf("%d: %s", pid, lines.Text())
	}
}

// kill is kill -9.
func (r *replica) kill() {
	_ = r.cmd.Process.Kill() // it may be gone already
	<-r.done
}

// dormant is a service without the ledger's loops: it makes the configuration
// for replicas and takes nothing itself.
func dormant(c conf.Service) host.Service {
	return host.Service{Name: module.Name, Setup: func(context.Context, *host.Unit) error { return nil }}
}

// TestReplicasAreKilledAndSessionsEnded runs two processes of the service over
// one database while three producers state facts, kills a process or ends the
// database's sessions again and again, and counts at the end.
func TestReplicasAreKilledAndSessionsEnded(t *testing.T) {
	t.Parallel()
	const producers, batches, size = 3, 40, 50
	base := moduletest.Start(t, module.Name, "2026-03-02", dormant, func(c *conf.Service) { c.Keys.Dir = t.TempDir() })
	replicas := []*replica{launch(t, base.Config), launch(t, base.Config)}
	super := base.DB.Superuser(t)
	rows := func() (n int64) {
		// The table comes with the first replica's migrations.
		_ = super.QueryRow(t.Context(), "SELECT size FROM ledger_head").Scan(&n)
		return n
	}
	var work sync.WaitGroup
	for p := range producers {
		other := base.Other([]string{"declaration", "conference", "procurement"}[p])
		work.Go(func() {
			for b := range batches {
				var facts []proto.Message
				for i := range size {
					facts = append(facts, &declarationv1.ProjectWithdrawn{Reason: fmt.Sprintf("%d %d", b, i)})
				}
				other.State(fmt.Sprintf("p-%d", b%5), "education", facts...)
			}
		})
	}
	const faults = 8
	for fault := range faults {
		reached := int64(fault+1) * producers * batches * size / (faults + 1) / 2
		base.Await(fmt.Sprintf("fault %d at %d rows", fault, reached), func() bool { return rows() >= reached })
		if fault%2 == 0 {
			victim := fault / 2 % len(replicas)
			replicas[victim].kill()
			replicas[victim] = launch(t, base.Config)
			continue
		}
		execute(t, super, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'auditexport'")
	}
	work.Wait()
	const total = producers * batches * size
	// What a killed process had taken is taken over when it has been silent for
	// half a minute.
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for vain := time.After(2 * time.Minute); rows() < total; {
		select {
		case <-vain:
			t.Fatalf("%d of %d rows", rows(), total)
		case <-poll.C:
		}
	}
	for _, r := range replicas {
		r.kill()
	}
	b := start(t, func(c *conf.Service) {
		c.Database, c.Redis, c.Keys = base.Config.Database, base.Config.Redis, base.Config.Keys
	})
	b.wantSound(total)
	if r := b.check(b.export(map[string]any{})); !r.OK || r.Rows < total {
		t.Errorf("%+v %v", r, r.Finding)
	}
	seen, last := map[string]bool{}, map[string]int64{}
	for after := int64(0); ; {
		page := b.query(url.Values{"unit": {"education"}, "limit": {"1000"}, "after_seq": {strconv.FormatInt(after, 10)}})
		for _, r := range page.Items {
			e, err := ledger.Parse([]byte(r.Raw))
			if err != nil {
				t.Fatal(err)
			}
			if line := r.Service + " " + r.Subject; seen[r.EventID] || e.EventSeq != last[line]+1 {
				t.Errorf("row %d: event %d of %s comes after %d", r.Seq, e.EventSeq, line, last[line])
			} else {
				seen[r.EventID], last[line] = true, e.EventSeq
			}
		}
		if after = page.AfterSeq; after == 0 {
			break
		}
	}
	if len(seen) != total {
		t.Errorf("%d of %d facts have a row", len(seen), total)
	}
}
