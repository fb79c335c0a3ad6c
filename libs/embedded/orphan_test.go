package embedded

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TestOrphansAreStopped starts servers on the directories by hand, as if
// their parent had died without the system telling them, and expects the next
// start to end them first.
func TestOrphansAreStopped(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "embedded-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Run("postgres", func(t *testing.T) { t.Parallel(); orphanedPostgres(t, filepath.Join(dir, "pg")) })
	t.Run("redis", func(t *testing.T) { t.Parallel(); orphanedRedis(t, filepath.Join(dir, "redis")) })
}

func orphanedPostgres(t *testing.T, dir string) {
	t.Helper()
	o := PostgresOptions{Dir: dir, Fast: true}
	p, err := StartPostgres(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	owner, err := serverUser(dir)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	cmd := exec.Command(findPostgres()[0].path("postgres"), "-D", data, "-k", "", "-p", strconv.Itoa(p.Port()))
	cmd.Dir, cmd.SysProcAttr = data, childAttr(owner.cred, 0)
	orphan, err := spawn("postgres", cmd)
	if err != nil {
		t.Fatal(err)
	}
	if err := orphan.awaitReady(t.Context(), p.answers); err != nil {
		t.Fatal(err)
	}
	again, err := StartPostgres(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	<-orphan.done
	if err := again.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

func orphanedRedis(t *testing.T, dir string) {
	t.Helper()
	r, err := StartRedis(t.Context(), RedisOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(findRedis(), filepath.Join(dir, "redis.conf"))
	cmd.Dir, cmd.SysProcAttr = dir, childAttr(nil, 0)
	orphan, err := spawn("redis-server", cmd)
	if err != nil {
		t.Fatal(err)
	}
	if err := orphan.awaitReady(t.Context(), r.answers); err != nil {
		t.Fatal(err)
	}
	again, err := StartRedis(t.Context(), RedisOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	<-orphan.done
	if err := again.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// TestAbandonedHomesAreSwept keeps what still has an owner, or had one that
// was not temporary, and deletes the rest; of tests, which may be killed, it keeps
// what is in use or was of late.
func TestAbandonedHomesAreSwept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	all, temporary, elsewhere := filepath.Join(dir, "all"), filepath.Join(dir, "tmp"), filepath.Join(dir, "data")
	home := func(name, owner string, linked bool) string {
		h := filepath.Join(all, name)
		for _, d := range []string{h, owner} {
			if err := os.MkdirAll(d, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		link := filepath.Join(owner, "elsewhere")
		if err := os.Symlink(link, filepath.Join(h, "owner")); err != nil {
			t.Fatal(err)
		}
		if linked {
			if err := os.Symlink(h, link); err != nil {
				t.Fatal(err)
			}
		}
		return h
	}
	now := time.Now()
	ofTests := func(name string, taken time.Time) string {
		h := home(name, filepath.Join(temporary, name), true)
		lock, err := lockDir(filepath.Join(temporary, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "running" {
			t.Cleanup(func() { _ = lock.release() })
		} else if err := lock.release(); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Chtimes(filepath.Join(temporary, name, lockName), taken, taken), os.WriteFile(filepath.Join(h, testsMark), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		return h
	}
	want := map[string]bool{
		home("used", filepath.Join(temporary, "used"), true):            true,
		home("abandoned", filepath.Join(temporary, "abandoned"), false): false,
		home("unmounted", filepath.Join(elsewhere, "unmounted"), false): true,
		ofTests("killed", now.Add(-testsKeep)):                          false,
		ofTests("running", now.Add(-testsKeep)):                         true,
		ofTests("of late", now.Add(-testsKeep/2)):                       true,
	}
	if err := sweep(all, temporary, now); err != nil {
		t.Fatal(err)
	}
	for h, stays := range want {
		if _, err := os.Stat(h); (err == nil) != stays {
			t.Errorf("%s: there %v, want %v", filepath.Base(h), err == nil, stays)
		}
	}
}
