package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// wrongPassword is the SQLSTATE of a refused password: waiting cannot cure it.
const wrongPassword = "28P01"

// superuser is the bootstrap role of every instance.
const superuser = "postgres"

// maxSocketPath keeps "<dir>/.s.PGSQL.65535" below the 107 bytes that a Unix
// socket's address can hold.
const maxSocketPath = 85

// unreachableData is where the data go when the server's own user cannot
// reach the directory asked for (a checkout under root's home, say).
const unreachableData = "/var/lib/egov-embedded"

// postgresShutdown rolls open transactions back and writes a checkpoint; the
// later steps leave recovery to the next start.
var postgresShutdown = []step{
	{syscall.SIGINT, 30 * time.Second},
	{syscall.SIGQUIT, 5 * time.Second},
	{syscall.SIGKILL, 5 * time.Second},
}

// PostgresOptions says where and how a private PostgreSQL runs. Only Dir is
// needed.
type PostgresOptions struct {
	Dir      string            // holds data, socket, log and password; made when absent
	Port     int               // loopback port; 0 chooses a free one
	Fast     bool              // no fsync: for tests alone, a power cut destroys the data
	TLS      bool              // over TCP speak TLS alone, with a certificate of the directory's own authority
	Settings map[string]string // server settings that replace the defaults here
}

// Postgres is one running private PostgreSQL.
type Postgres struct {
	*server
	socket string
	bin    postgresBin
}

// settings are the server's parameters: those of o over the defaults.
func (o PostgresOptions) settings(port int, socket string, tls Certificates) []string {
	all := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(port),
		"unix_socket_directories": socket,
		"max_connections":         "300",
		"shared_buffers":          "256MB",
		"min_wal_size":            "1GB", // what was made stays
		"max_wal_size":            "2GB",
		"jit":                     "off", // every statement of the suite is short
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"lc_messages":             "C",
		"log_line_prefix":         "%m [%p] %u@%d ",
	}
	if o.Fast {
		for k, v := range map[string]string{
			"fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0",
			"checkpoint_timeout": "30min", "shared_buffers": "128MB",
		} {
			all[k] = v
		}
	}
	if o.TLS {
		all["ssl"], all["ssl_cert_file"], all["ssl_key_file"] = "on", tls.Server, tls.Key
		all["hba_file"] = tls.Key + ".hba"
	}
	for k, v := range o.Settings {
		all[k] = v
	}
	args := make([]string, 0, 2*len(all))
	for k, v := range all {
		args = append(args, "--"+strings.ReplaceAll(k, "_", "-")+"="+v)
	}
	slices.Sort(args)
	return args
}

// StartPostgres runs a private PostgreSQL on o.Dir, initialising it on first
// use with UTF-8 and the C locale, and returns once it answers. As root it
// runs the server as the user postgres (or nobody). Errors: ErrMissing,
// ErrInUse, ErrVersion, ErrStart.
func StartPostgres(ctx context.Context, o PostgresOptions) (_ *Postgres, err error) {
	s, err := claim("postgres", o.Dir, postgresShutdown)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = s.abandon(err)
		}
	}()
	p := &Postgres{server: s}
	owner, err := serverUser(s.dir)
	if err != nil {
		return nil, err
	}
	if owner.cred != nil {
		_ = sweep(unreachableData, os.TempDir(), time.Now()) // what is not deleted now is looked at again by the next start
	}
	base, err := owner.base(s.dir, o.Fast)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(base, "data")
	if p.bin, err = choosePostgres(data); err != nil {
		return nil, err
	}
	if err := stopStalePostgres(ctx, data); err != nil {
		return nil, err
	}
	if err := owner.initdb(ctx, p.bin, base, p.password, o.Fast); err != nil {
		return nil, err
	}
	if p.socket, err = owner.socketDir(base); err != nil {
		return nil, err
	}
	if o.TLS {
		if p.tls, err = owner.certify(filepath.Join(base, "tls")); err != nil {
			return nil, err
		}
	}
	if err := s.run(ctx, o.Port, func() (*exec.Cmd, error) {
		cmd := exec.Command(p.bin.path("postgres"), append([]string{"-D", data}, o.settings(p.port, p.socket, p.tls)...)...)
		cmd.Dir, cmd.Env = data, cleanEnv()
		cmd.SysProcAttr = childAttr(owner.cred, syscall.SIGINT)
		return cmd, nil
	}, p.answers); err != nil {
		return nil, err
	}
	return p, nil
}

// encryptedOnly lets nobody in over TCP but by TLS and with a password.
const encryptedOnly = `local   all all              scram-sha-256
hostssl all all 127.0.0.1/32 scram-sha-256
`

// certify makes the server's certificates and its list of who may connect.
func (u osUser) certify(dir string) (Certificates, error) {
	c, err := Certify(dir, "PostgreSQL")
	if err != nil {
		return c, err
	}
	hba := c.Key + ".hba"
	return c, errors.Join(os.WriteFile(hba, []byte(encryptedOnly), 0o600), u.give(c.Key), u.give(hba))
}

// give makes a file the server's user's.
func (u osUser) give(path string) error {
	if u.cred == nil {
		return nil
	}
	return os.Chown(path, u.uid, u.gid)
}

// choosePostgres picks the newest installation, or the one that made data.
func choosePostgres(data string) (postgresBin, error) {
	bins := findPostgres()
	if len(bins) == 0 {
		return postgresBin{}, missingError(Missing())
	}
	b, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return bins[0], nil
	}
	if err != nil {
		return postgresBin{}, err
	}
	made := strings.TrimSpace(string(b))
	for _, bin := range bins {
		if strconv.Itoa(bin.major) == made {
			return bin, nil
		}
	}
	return postgresBin{}, ErrVersion.WithMsg(
		fmt.Sprintf("数据目录由PostgreSQL %s创建，本机只有%d", made, bins[0].major),
		fmt.Sprintf("the data directory was made by PostgreSQL %s; this machine has %d", made, bins[0].major))
}

// stopStalePostgres deals with what an earlier parent left: it stops a server
// still running on data, and removes a pid file whose process is a stranger.
func stopStalePostgres(ctx context.Context, data string) error {
	file := filepath.Join(data, "postmaster.pid")
	pid := readPID(file)
	if pid == 0 || !alive(pid) {
		return nil // PostgreSQL itself checks and replaces a dead server's file
	}
	if runsIn(pid, data) {
		return stopOrphan(ctx, "postgres", pid, postgresShutdown)
	}
	return os.Remove(file)
}

// answers asks whether the server accepts the superuser.
func (p *Postgres) answers(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.SuperuserURL("postgres"))
	if err == nil {
		return conn.Close(ctx)
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == wrongPassword {
		return unanswerable{err}
	}
	return err
}

// URL is the connection string of a role on a database. The role, its
// password and the database are the caller's to make; an empty password is
// left out.
func (p *Postgres) URL(database, role, password string) string {
	u := url.URL{
		Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: "sslmode=disable",
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)),
	}
	if password != "" {
		u.User = url.UserPassword(role, password)
	}
	if p.tls.Authority != "" {
		u.RawQuery = url.Values{"sslmode": {"verify-full"}, "sslrootcert": {p.tls.Authority}}.Encode()
	}
	return u.String()
}

// Script has PostgreSQL's own client run a file as the superuser, with
// variables set, and stop at the first error.
func (p *Postgres) Script(ctx context.Context, file string, variables map[string]string) error {
	args := []string{"--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname=" + p.URL("postgres", superuser, ""), "--file=" + file}
	for name, value := range variables {
		args = append(args, "--set="+name+"="+value)
	}
	client := p.bin.path("psql")
	if _, err := os.Stat(client); err != nil {
		client = "psql" // where the programs are linked into a folder of PATH, one by one
	}
	cmd := exec.CommandContext(ctx, client, args...)
	cmd.Env = append(cleanEnv(), "PGPASSWORD="+p.password)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run %s: %w\n%s", file, err, out)
	}
	return nil
}

// SuperuserURL is the connection string of the bootstrap superuser.
func (p *Postgres) SuperuserURL(database string) string {
	return p.URL(database, superuser, p.password)
}

// SocketDir is the directory of the server's Unix socket, "" when the path
// is too long for one.
func (p *Postgres) SocketDir() string { return p.socket }

// RemovePostgres deletes a directory that StartPostgres used, with the data
// it may keep elsewhere. No server may be running on it.
func RemovePostgres(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	target, err := os.Readlink(filepath.Join(dir, "elsewhere"))
	if err == nil && filepath.Dir(target) == unreachableData {
		err = os.RemoveAll(target)
	} else {
		err = nil
	}
	return errors.Join(err, os.RemoveAll(dir))
}

// cleanEnv is the caller's environment without the variables that would steer
// PostgreSQL or its client library.
func cleanEnv() []string {
	env := slices.DeleteFunc(os.Environ(), func(s string) bool {
		return strings.HasPrefix(s, "PG") || strings.HasPrefix(s, "LC_") || strings.HasPrefix(s, "LANG")
	})
	return append(env, "LC_ALL=C")
}

// osUser is the system user a server runs as; cred is nil for the caller's.
type osUser struct {
	uid, gid int
	cred     *syscall.Credential
}

// serverUser is the caller, except for root, whom PostgreSQL refuses.
func serverUser(dir string) (osUser, error) {
	if os.Geteuid() != 0 {
		return osUser{uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return osUser{}, fmt.Errorf("root needs an unprivileged user to run PostgreSQL as: %w", err)
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return osUser{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return osUser{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	// The directory itself must let the server pass; it belongs to the caller.
	if err := os.Chmod(dir, 0o711); err != nil {
		return osUser{}, err
	}
	cred := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return osUser{uid: int(uid), gid: int(gid), cred: cred}, nil
}

// own gives path to the server's user with the given mode.
func (u osUser) own(path string, mode os.FileMode) error {
	if err := os.MkdirAll(path, mode); err != nil {
		return err
	}
	if u.cred == nil {
		return nil
	}
	return errors.Join(os.Chown(path, u.uid, u.gid), os.Chmod(path, mode))
}

// reaches reports whether u may pass through dir and all above it.
func (u osUser) reaches(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		st, err := os.Stat(dir)
		if err != nil {
			return false
		}
		sys, ok := st.Sys().(*syscall.Stat_t)
		if !ok {
			return false
		}
		bit := os.FileMode(0o001)
		switch {
		case int(sys.Uid) == u.uid:
			bit = 0o100
		case int(sys.Gid) == u.gid:
			bit = 0o010
		}
		if st.Mode().Perm()&bit == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// base returns the directory that holds data and socket: dir, or, when u
// cannot get there, one under /var/lib that the link dir/elsewhere names. What is
// fast is marked as a test's.
func (u osUser) base(dir string, fast bool) (string, error) {
	link := filepath.Join(dir, "elsewhere")
	if target, err := os.Readlink(link); err == nil {
		if _, err := os.Stat(target); err != nil {
			return "", fmt.Errorf("the data of %s are gone: %w", dir, err)
		}
		return target, nil
	}
	if u.reaches(dir) {
		return dir, nil
	}
	if err := os.MkdirAll(unreachableData, 0o711); err != nil {
		return "", err
	}
	home, err := os.MkdirTemp(unreachableData, "postgres-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(home, 0o711); err != nil {
		return "", err
	}
	if fast {
		if err := os.WriteFile(filepath.Join(home, testsMark), nil, 0o600); err != nil {
			return "", err
		}
	}
	return home, errors.Join(os.Symlink(link, filepath.Join(home, "owner")), os.Symlink(home, link))
}

// testsMark is a file of a home that a test made, and testsKeep for how long such
// a home stays after its last use: a test ends within that, or was killed.
const (
	testsMark = "of-tests"
	testsKeep = 24 * time.Hour
)

// sweep deletes the homes in all that belonged to temporary directories and that
// nobody wants any more: the directory is gone, as that of a demonstration which
// somebody removed, or it is a test's, which was killed. Data of any other owner
// stay, whatever became of it: a volume may merely not be mounted.
func sweep(all, temporary string, now time.Time) error {
	homes, err := os.ReadDir(all)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, h := range homes {
		home := filepath.Join(all, h.Name())
		owner, err := os.Readlink(filepath.Join(home, "owner"))
		if err != nil || !strings.HasPrefix(owner, temporary+string(filepath.Separator)) {
			continue
		}
		if target, err := os.Readlink(owner); errors.Is(err, os.ErrNotExist) || err == nil && target != home {
			errs = append(errs, os.RemoveAll(home))
		} else if err == nil {
			errs = append(errs, sweepTests(home, filepath.Dir(owner), now))
		}
	}
	return errors.Join(errs...)
}

// sweepTests deletes the home of dir when tests made it, no process has taken dir
// for long, and none has it now.
func sweepTests(home, dir string, now time.Time) error {
	if _, err := os.Stat(filepath.Join(home, testsMark)); err != nil {
		return nil // not a test's, or not ours to look into: it stays
	}
	taken, err := os.Stat(filepath.Join(dir, lockName))
	if err != nil || now.Sub(taken.ModTime()) < testsKeep {
		return nil // it is being made
	}
	lock, err := lockDir(dir)
	if errors.Is(err, ErrInUse) {
		return nil
	}
	if err != nil {
		return err
	}
	data := filepath.Join(home, "data")
	if pid := readPID(filepath.Join(data, "postmaster.pid")); pid != 0 && alive(pid) && runsIn(pid, data) {
		return lock.release()
	}
	return errors.Join(os.RemoveAll(home), lock.release())
}

// socketDir makes the directory of the Unix socket, or answers "" when its
// path is too long.
func (u osUser) socketDir(base string) (string, error) {
	run := filepath.Join(base, "run")
	if len(run) > maxSocketPath {
		return "", nil
	}
	return run, u.own(run, 0o755)
}

// initdb makes the data directory unless it is there. It works beside it and
// renames at the end, so that an interrupted attempt is simply repeated.
func (u osUser) initdb(ctx context.Context, bin postgresBin, base, password string, fast bool) (err error) {
	data := filepath.Join(base, "data")
	if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); err == nil {
		return nil
	}
	work := filepath.Join(base, "initdb")
	if err := os.RemoveAll(work); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := u.own(work, 0o700); err != nil {
		return err
	}
	pw := filepath.Join(work, "password")
	if err := os.WriteFile(pw, []byte(password+"\n"), 0o600); err != nil {
		return err
	}
	if u.cred != nil {
		if err := os.Chown(pw, u.uid, u.gid); err != nil {
			return err
		}
	}
	fresh := filepath.Join(work, "data")
	args := []string{
		"-D", fresh, "--username=" + superuser, "--pwfile=" + pw, "--auth=scram-sha-256",
		"--encoding=UTF8", "--locale=C", "--no-instructions",
	}
	if fast {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, bin.path("initdb"), args...)
	cmd.Dir, cmd.Env = work, cleanEnv()
	cmd.SysProcAttr = childAttr(u.cred, 0)
	if out, err := cmd.CombinedOutput(); err != nil {
		text := strings.TrimSpace(string(out))
		return ErrStart.WithMsg("数据库初始化失败："+text, "initdb failed: "+text).With(err)
	}
	if err := os.Remove(data); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err // an empty directory gives way; anything else is not ours to delete
	}
	return os.Rename(fresh, data)
}
