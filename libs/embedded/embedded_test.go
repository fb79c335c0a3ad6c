package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"egov/libs/embedded"
)

// childRole makes this test binary act as the parent that gets killed.
const childRole = "EMBEDDED_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childRole); dir != "" {
		os.Exit(runChild(dir))
	}
	os.Exit(m.Run())
}

// runChild starts both servers, says which processes they are, and waits to
// be killed.
func runChild(dir string) int {
	ctx := context.Background()
	pg, err := embedded.StartPostgres(ctx, embedded.PostgresOptions{Dir: filepath.Join(dir, "pg"), Fast: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	rd, err := embedded.StartRedis(ctx, embedded.RedisOptions{Dir: filepath.Join(dir, "redis"), AppendOnly: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(pg.PID(), rd.PID())
	<-pg.Done()
	return 0
}

// tempDir is a directory that the server's own user can reach.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "embedded-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := embedded.RemovePostgres(filepath.Join(dir, "pg")); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

func startPostgres(t *testing.T, o embedded.PostgresOptions) *embedded.Postgres {
	t.Helper()
	o.Fast = true
	p, err := embedded.StartPostgres(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return p
}

func startRedis(t *testing.T, o embedded.RedisOptions) *embedded.Redis {
	t.Helper()
	r, err := embedded.StartRedis(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return r
}

// query runs sql on the superuser's database and returns its one value.
func query(t *testing.T, p *embedded.Postgres, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.SuperuserURL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	var s string
	if err := errors.Join(conn.QueryRow(t.Context(), sql).Scan(&s), conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	return s
}

func redisClient(t *testing.T, r *embedded.Redis, db int) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(r.URL(db))
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestAServerWhoseLogIsLaidOutMakesNoFileWhileItIsWrittenTo(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, embedded.PostgresOptions{Dir: filepath.Join(tempDir(t), "pg"), Settings: map[string]string{"min_wal_size": "128MB"}})
	if err := p.LayOutWAL(t.Context()); err != nil {
		t.Fatal(err)
	}
	const files = "SELECT string_agg(name, ' ' ORDER BY name) FROM pg_ls_waldir()"
	before, n := query(t, p, files), query(t, p, "SELECT count(*)::text FROM pg_ls_waldir()")
	if n != "8" && n != "9" { // some of it is written to
		t.Errorf("%s files of 16 MB are there, expected 128 MB", n)
	}
	query(t, p, "SELECT pg_logical_emit_message(false, 'test', repeat('x', 64 << 20))::text")
	if after := query(t, p, files); after != before {
		t.Errorf("64 MB more of log changed the files\nfrom %s\nto   %s", before, after)
	}
}

func TestPostgresKeepsItsDataAcrossRestarts(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), "pg")
	first := startPostgres(t, embedded.PostgresOptions{Dir: dir})
	query(t, first, "SELECT lo_from_bytea(4711, 'yes')::text")
	if got := query(t, first, "SELECT current_setting('server_encoding') || ' ' || datcollate FROM pg_database WHERE datname = 'postgres'"); got != "UTF8 C" {
		t.Errorf("encoding and collation = %q", got)
	}
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := startPostgres(t, embedded.PostgresOptions{Dir: dir})
	if got := query(t, second, "SELECT convert_from(lo_get(4711), 'UTF8')"); got != "yes" {
		t.Errorf("after a restart the large object holds %q", got)
	}
}

func TestSettingsReplaceDefaults(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, embedded.PostgresOptions{
		Dir: filepath.Join(tempDir(t), "pg"), Settings: map[string]string{"max_connections": "17", "work_mem": "5MB"},
	})
	for name, want := range map[string]string{"max_connections": "17", "work_mem": "5MB", "listen_addresses": "127.0.0.1"} {
		if got := query(t, p, "SELECT current_setting('"+name+"')"); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestPostgresRefusesAWrongPassword(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, embedded.PostgresOptions{Dir: filepath.Join(tempDir(t), "pg")})
	conn, err := pgx.Connect(t.Context(), p.URL("postgres", "postgres", "guess"))
	if err == nil {
		_ = conn.Close(t.Context())
		t.Fatal("a guessed password was accepted")
	}
}

func TestOneDirectoryOneServer(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	startPostgres(t, embedded.PostgresOptions{Dir: filepath.Join(dir, "pg")})
	startRedis(t, embedded.RedisOptions{Dir: filepath.Join(dir, "redis")})
	if _, err := embedded.StartPostgres(t.Context(), embedded.PostgresOptions{Dir: filepath.Join(dir, "pg")}); !errors.Is(err, embedded.ErrInUse) {
		t.Errorf("second PostgreSQL: %v", err)
	}
	if _, err := embedded.StartRedis(t.Context(), embedded.RedisOptions{Dir: filepath.Join(dir, "redis")}); !errors.Is(err, embedded.ErrInUse) {
		t.Errorf("second Redis: %v", err)
	}
}

func TestStrangersPIDFileIsReplaced(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), "pg")
	if err := startPostgres(t, embedded.PostgresOptions{Dir: dir}).Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// This very process is alive and no PostgreSQL: as after a reused id.
	stale := strconv.Itoa(os.Getpid()) + "\n" + dir + "\n0\n5432\n\n\n0 0\n"
	if err := os.WriteFile(filepath.Join(dir, "data", "postmaster.pid"), []byte(stale), 0o600); err != nil {
		t.Fatal(err)
	}
	startPostgres(t, embedded.PostgresOptions{Dir: dir})
}

func TestDataMadeByAnotherVersionAreRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), "pg")
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := embedded.StartPostgres(t.Context(), embedded.PostgresOptions{Dir: dir})
	if !errors.Is(err, embedded.ErrVersion) {
		t.Fatalf("err = %v", err)
	}
}

func TestTakenPortIsSaidPlainly(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // a test's listener
	port := l.Addr().(*net.TCPAddr).Port
	dir := tempDir(t)
	_, err = embedded.StartRedis(t.Context(), embedded.RedisOptions{Dir: filepath.Join(dir, "redis"), Port: port})
	if !errors.Is(err, embedded.ErrStart) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("err = %v", err)
	}
}

func TestUnreachableDirectoryKeepsItsDataElsewhere(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // any directory of the caller is within reach when the server runs as the caller
	}
	closed := filepath.Join(tempDir(t), "closed")
	dir := filepath.Join(closed, "pg")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	p := startPostgres(t, embedded.PostgresOptions{Dir: dir})
	if got := query(t, p, "SELECT 'up'"); got != "up" {
		t.Fatal(got)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	elsewhere, err := os.Readlink(filepath.Join(dir, "elsewhere"))
	if err != nil {
		t.Fatal(err)
	}
	if err := embedded.RemovePostgres(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(elsewhere); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the data remain: %v", err)
	}
}

func TestRedisForgetsOnlyWhenToldTo(t *testing.T) {
	t.Parallel()
	for name, appendOnly := range map[string]bool{"append only": true, "memory": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := embedded.RedisOptions{Dir: filepath.Join(tempDir(t), "redis"), AppendOnly: appendOnly, Databases: 40}
			first := startRedis(t, o)
			c := redisClient(t, first, 39)
			if err := c.Set(t.Context(), "k", "v", 0).Err(); err != nil {
				t.Fatal(err)
			}
			if got := c.ConfigGet(t.Context(), "maxmemory-policy").Val()["maxmemory-policy"]; got != "noeviction" {
				t.Errorf("maxmemory-policy = %q", got)
			}
			if err := first.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			n, err := redisClient(t, startRedis(t, o), 39).Exists(t.Context(), "k").Result()
			if err != nil || (n == 1) != appendOnly {
				t.Errorf("kept = %d, err = %v", n, err)
			}
		})
	}
}

// TestKilledParent kills a process that runs both servers and starts them
// again on the same directories at once, while the first ones may still be
// ending.
func TestKilledParent(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	pids := killParent(t, dir)
	startPostgres(t, embedded.PostgresOptions{Dir: filepath.Join(dir, "pg")})
	startRedis(t, embedded.RedisOptions{Dir: filepath.Join(dir, "redis"), AppendOnly: true})
	for _, pid := range pids {
		until(t, func() bool { return !running(pid) })
	}
}

// killParent runs a child with both servers, kills it with SIGKILL and
// returns the servers' process ids.
func killParent(t *testing.T, dir string) []int {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childRole+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pids := make([]int, 2)
	if _, err := fmt.Fscan(out, &pids[0], &pids[1]); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	return pids
}

// running reports whether a process exists and is not merely waiting to be
// reaped.
func running(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return syscall.Kill(pid, 0) == nil
	}
	_, state, _ := bytes.Cut(b, []byte(") "))
	return !bytes.HasPrefix(state, []byte("Z"))
}

// until polls cond for at most 20 seconds.
func until(t *testing.T, cond func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-ctx.Done():
			t.Fatal("the condition did not come true in time")
		case <-tick.C:
		}
	}
}

func TestInstallCommandNamesEveryPackage(t *testing.T) {
	t.Parallel()
	got := embedded.InstallCommand([]embedded.Program{{Package: "postgresql"}, {Package: "redis-server"}})
	if want := "apt-get update && apt-get install -y --no-install-recommends postgresql redis-server"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestInstallDoesNothingWhenAllIsThere(t *testing.T) {
	t.Parallel()
	if m := embedded.Missing(); len(m) > 0 {
		t.Fatalf("these tests need %v", m)
	}
	var out bytes.Buffer
	if err := embedded.Install(t.Context(), &out); err != nil || out.Len() > 0 {
		t.Errorf("err = %v, output %q", err, out.String())
	}
}

// TestServersSpeakTLSAlone: with TLS asked for, who knows the directory's
// authority is let in, over a port that gives nobody else a word; without TLS,
// with the other server's authority or with none of its users he is not.
func TestServersSpeakTLSAlone(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	p := startPostgres(t, embedded.PostgresOptions{Dir: filepath.Join(dir, "pg"), TLS: true})
	if got := query(t, p, "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"); !strings.HasPrefix(got, "TLSv1.") {
		t.Errorf("the connection is %q", got)
	}
	script := filepath.Join(dir, "script.sql")
	if err := os.WriteFile(script, []byte("CREATE ROLE :\"name\" LOGIN PASSWORD :'password';\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Script(t.Context(), script, map[string]string{"name": "somebody", "password": "open sesame"}); err != nil {
		t.Fatal(err)
	}
	if err := p.Script(t.Context(), script, map[string]string{"name": "somebody", "password": "open sesame"}); err == nil {
		t.Error("an error of the script is passed over")
	}
	r := startRedis(t, embedded.RedisOptions{Dir: filepath.Join(dir, "redis"), TLS: true, Users: "user reader on >word ~* +get\nuser default off"})
	as := p.URL("postgres", "somebody", "open sesame")
	plain, _, _ := strings.Cut(as, "?")
	for name, query := range map[string]string{
		"without TLS":         "?sslmode=disable",
		"another's authority": "?" + url.Values{"sslmode": {"verify-full"}, "sslrootcert": {r.Authority()}}.Encode(),
	} {
		if conn, err := pgx.Connect(t.Context(), plain+query); err == nil {
			t.Errorf("PostgreSQL %s lets in", name)
			_ = conn.Close(t.Context())
		}
	}
	conn, err := pgx.Connect(t.Context(), as)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close(t.Context())

	ask := func(at string, change func(*redis.Options)) error {
		o, err := r.Options(at)
		if err != nil {
			t.Fatal(err)
		}
		o.MaxRetries = -1
		change(o)
		c := redis.NewClient(o)
		defer c.Close()
		return c.Get(t.Context(), "nothing").Err()
	}
	asIs := func(*redis.Options) {}
	for _, at := range []string{r.URL(0), r.UserURL("reader", "word", 0)} {
		if err := ask(at, asIs); !errors.Is(err, redis.Nil) {
			t.Errorf("%s: %v", at, err)
		}
	}
	for name, err := range map[string]error{
		"without TLS":         ask(r.UserURL("reader", "word", 0), func(o *redis.Options) { o.TLSConfig = nil }),
		"without authority":   ask(r.UserURL("reader", "word", 0), func(o *redis.Options) { o.TLSConfig.RootCAs = nil }),
		"as the default user": ask(r.UserURL("default", "", 0), func(o *redis.Options) { o.Username = "" }),
		"with a wrong word":   ask(r.UserURL("reader", "words", 0), asIs),
	} {
		if err == nil || errors.Is(err, redis.Nil) {
			t.Errorf("Redis %s lets in", name)
		}
	}
}
