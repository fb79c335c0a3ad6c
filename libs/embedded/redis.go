package embedded

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisShutdown lets the server write what it holds; the last step does not.
var redisShutdown = []step{
	{syscall.SIGTERM, 15 * time.Second},
	{syscall.SIGKILL, 5 * time.Second},
}

// RedisOptions says where and how a private Redis runs. Only Dir is needed.
type RedisOptions struct {
	Dir        string   // holds the append-only file, log and password; made when absent
	Port       int      // loopback port; 0 chooses a free one
	AppendOnly bool     // keep the data, synced every second; else memory alone
	Databases  int      // logical databases; 0 means 16
	MaxMemory  string   // such as "512mb"; empty means no limit
	TLS        bool     // speak TLS alone, with a certificate of the directory's own authority
	Users      string   // an ACL file: who may what besides this package's own user; empty = the default user may everything
	Config     []string // further lines of redis.conf
}

// Redis is one running private Redis. Its memory policy is noeviction: a full
// server refuses writes rather than forget.
type Redis struct {
	*server
	user string
}

// ownUser is who this package signs in as where an ACL file says who may what.
const ownUser = "embedded"

// config is the text of redis.conf.
func (o RedisOptions) config(dir, password string, port int, tls Certificates) string {
	databases := o.Databases
	if databases == 0 {
		databases = 16
	}
	onoff := "no"
	if o.AppendOnly {
		onoff = "yes"
	}
	lines := []string{
		"bind 127.0.0.1",
		"dir " + strconv.Quote(dir),
		"pidfile " + strconv.Quote(filepath.Join(dir, "redis.pid")),
		"daemonize no",
		`save ""`,
		"appendonly " + onoff,
		"appendfsync everysec",
		"maxmemory-policy noeviction",
		"databases " + strconv.Itoa(databases),
	}
	if o.TLS {
		lines = append(lines, "port 0", "tls-port "+strconv.Itoa(port), "tls-auth-clients no", "tls-ca-cert-file "+strconv.Quote(tls.Authority),
			"tls-cert-file "+strconv.Quote(tls.Server), "tls-key-file "+strconv.Quote(tls.Key))
	} else {
		lines = append(lines, "port "+strconv.Itoa(port))
	}
	if o.Users != "" {
		lines = append(lines, "aclfile "+strconv.Quote(usersFile(dir)))
	} else {
		lines = append(lines, "requirepass "+password)
	}
	if o.MaxMemory != "" {
		lines = append(lines, "maxmemory "+o.MaxMemory)
	}
	return strings.Join(append(lines, o.Config...), "\n") + "\n"
}

func usersFile(dir string) string { return filepath.Join(dir, "users.acl") }

// prepare makes what the configuration names: certificates and users.
func (r *Redis) prepare(o RedisOptions) (err error) {
	r.user = "default"
	if o.TLS {
		if r.tls, err = Certify(filepath.Join(r.dir, "tls"), "Redis"); err != nil {
			return err
		}
	}
	if o.Users == "" {
		return nil
	}
	r.user = ownUser
	own := fmt.Sprintf("user %s on #%x ~* &* +@all\n", ownUser, sha256.Sum256([]byte(r.password)))
	return os.WriteFile(usersFile(r.dir), []byte(strings.TrimRight(o.Users, "\n")+"\n"+own), 0o600)
}

// StartRedis runs a private Redis on o.Dir and returns once it answers; with
// AppendOnly that is after its data are loaded. Errors: ErrMissing, ErrInUse,
// ErrStart.
func StartRedis(ctx context.Context, o RedisOptions) (_ *Redis, err error) {
	bin := findRedis()
	if bin == "" {
		return nil, missingError(Missing())
	}
	s, err := claim("redis", o.Dir, redisShutdown)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = s.abandon(err)
		}
	}()
	r := &Redis{server: s}
	if err := r.prepare(o); err != nil {
		return nil, err
	}
	if pid := readPID(filepath.Join(s.dir, "redis.pid")); pid > 0 && alive(pid) && runsIn(pid, s.dir) {
		if err := stopOrphan(ctx, s.name, pid, redisShutdown); err != nil {
			return nil, err
		}
	}
	conf := filepath.Join(s.dir, "redis.conf")
	if err := s.run(ctx, o.Port, func() (*exec.Cmd, error) {
		cmd := exec.Command(bin, conf)
		cmd.Dir = s.dir
		cmd.SysProcAttr = childAttr(nil, syscall.SIGTERM)
		return cmd, os.WriteFile(conf, []byte(o.config(s.dir, s.password, s.port, s.tls)), 0o600)
	}, r.answers); err != nil {
		return nil, err
	}
	return r, nil
}

// answers asks for an answer to PING, which the server refuses while it loads
// its data.
func (r *Redis) answers(ctx context.Context) error {
	opts, err := r.Options(r.URL(0))
	if err != nil {
		return unanswerable{err}
	}
	opts.MaxRetries = -1
	c := redis.NewClient(opts)
	defer func() { _ = c.Close() }() // a probe has nothing to lose
	return c.Ping(ctx).Err()
}

// URL is the connection string of one logical database.
func (r *Redis) URL(database int) string { return r.UserURL(r.user, r.password, database) }

// UserURL is the connection string of one logical database for a user that
// the server's configuration names.
func (r *Redis) UserURL(user, password string, database int) string {
	scheme := "redis"
	if r.tls.Authority != "" {
		scheme = "rediss"
	}
	return (&url.URL{
		Scheme: scheme, User: url.UserPassword(user, password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port)), Path: "/" + strconv.Itoa(database),
	}).String()
}

// Options are those of a client of url, one of the server's own: with TLS it
// trusts the server's authority and no other.
func (r *Redis) Options(url string) (*redis.Options, error) {
	o, err := redis.ParseURL(url)
	if err != nil || o.TLSConfig == nil {
		return o, err
	}
	o.TLSConfig.RootCAs, err = authorities(r.tls.Authority)
	return o, err
}
