// Package pg is the suite's way to PostgreSQL: pools whose sessions cannot
// hang, migrations run by the owner and never by the service, row-level
// security set per transaction from the caller's token, and SQLSTATE codes
// turned into faults that say nothing about the database.
package pg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"egov/libs/authn"
	"egov/libs/fault"
)

// PoolOptions bound what one service may ask of its database.
type PoolOptions struct {
	MaxConns         int32         // 0 = 8
	StatementTimeout time.Duration // 0 = 10 s
	LockTimeout      time.Duration // 0 = 5 s
}

// Open makes a pool for the service's role. It does not wait for the server:
// services start in any order.
func Open(ctx context.Context, url, application string, o PoolOptions) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err)
	}
	cfg.MaxConns = or(o.MaxConns, 8)
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.ConnConfig.Tracer = otelpgx.NewTracer(otelpgx.WithDisableSQLStatementInAttributes(), otelpgx.WithDisableAcquireTracer())
	cfg.ConnConfig.RuntimeParams["application_name"] = application
	maps.Copy(cfg.ConnConfig.RuntimeParams, SessionSettings(o))
	return pgxpool.NewWithConfig(ctx, cfg)
}

// SessionSettings are the settings that a pool's sessions begin with: bounds on
// whatever could hang, and the suite's time zone.
func SessionSettings(o PoolOptions) map[string]string {
	return map[string]string{
		"timezone":                            "Asia/Shanghai",
		"idle_in_transaction_session_timeout": "5s",
		"statement_timeout":                   millis(or(o.StatementTimeout, 10*time.Second)),
		"lock_timeout":                        millis(or(o.LockTimeout, 5*time.Second)),
	}
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

func millis(d time.Duration) string { return fmt.Sprintf("%d", d.Milliseconds()) }

// Scope is what one transaction may see and change; row-level security
// policies read it (see the migrations of libs/store).
type Scope struct {
	Names []string // the caller's unit code and account id
	Read  bool     // reads every row
	Write bool     // writes every row
}

// ScopeOf derives the scope of a principal: its unit and its own account;
// auditors read everything and change nothing; a service reads and writes
// its own data; an anonymous caller sees nothing.
func ScopeOf(p authn.Principal) Scope {
	s := Scope{Read: p.ReadsAll(), Write: p.IsService()}
	for _, n := range []string{p.Unit, p.Subject} {
		if n != "" {
			s.Names = append(s.Names, n)
		}
	}
	if p.Has("auditor") {
		s.Names = nil
	}
	return s
}

// scopeSQL sets the scope for the rest of the transaction.
const scopeSQL = `SELECT set_config('app.names', $1, true), set_config('app.read', $2, true), set_config('app.write', $3, true)`

// byKeySQL does so in a transaction whose statements find their rows by key: its
// statements are planned once a session, and never to read a whole table.
const byKeySQL = scopeSQL + `, set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)`

// Apply sets the scope for the rest of the transaction.
func (s Scope) Apply(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, scopeSQL, s.args()...)
	return err
}

// Queue sets the scope from here on in a batch.
func (s Scope) Queue(b *pgx.Batch) { b.Queue(scopeSQL, s.args()...) }

// Session is what the batches of one transaction have set so far. The zero value
// has set nothing.
type Session struct {
	// ByKey is for a transaction all of whose statements find their rows by key.
	// They keep their plans: PostgreSQL would plan those about a list of keys anew
	// for every execution, since it takes an unknown list for a long one, and with
	// the policies in them that takes longer than carrying them out. A plan that
	// is made while a table is empty has to do when it is full, so none reads a
	// whole table.
	ByKey bool

	scope Scope
	begun bool
}

// Scope sets the scope from here on in a batch, unless it is the one in force.
func (t *Session) Scope(b *pgx.Batch, s Scope) {
	switch {
	case !t.begun && t.ByKey:
		b.Queue(byKeySQL, s.args()...)
	case !t.begun || s.Compare(t.scope) != 0:
		s.Queue(b)
	}
	t.begun, t.scope = true, s
}

func (s Scope) args() []any {
	return []any{TextArray(s.Names), onOff(s.Read), onOff(s.Write)}
}

// Compare orders scopes, so that equal ones come to stand side by side.
func (s Scope) Compare(o Scope) int {
	return cmp.Or(slices.Compare(s.Names, o.Names), strings.Compare(onOff(s.Read), onOff(o.Read)), strings.Compare(onOff(s.Write), onOff(o.Write)))
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// TextArray writes texts as PostgreSQL's literal of a text array.
func TextArray(texts []string) string {
	b := []byte{'{'}
	for i, t := range texts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		for _, c := range []byte(t) {
			if c == '"' || c == '\\' {
				b = append(b, '\\')
			}
			b = append(b, c)
		}
		b = append(b, '"')
	}
	return string(append(b, '}'))
}

// Errors that a database answer turns into.
var (
	ErrDuplicate = fault.New(fault.Conflict, "already_exists", "已存在，不能重复创建", "it exists already")
	ErrForbidden = fault.New(fault.Forbidden, "not_your_row", "无权修改本单位以外的数据", "the row belongs to another unit")
	ErrBusy      = fault.New(fault.Unavailable, "database_busy", "系统繁忙，请稍后重试", "the database is busy or unavailable, try again")
	ErrBadValue  = fault.New(fault.Invalid, "value_out_of_range", "有值超出允许范围", "a value is out of its range")
)

// Fault turns a driver error into a fault. Faults and nil pass unchanged; what
// is not recognised stays as it is and is therefore Internal.
func Fault(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case pe.Code == "23505":
			return ErrDuplicate.With(err)
		case pe.Code == "42501":
			return ErrForbidden.With(err)
		case pe.Code == "23514", pe.Code == "22003", pe.Code == "22001", pe.Code == "22021", pe.Code == "22P05":
			return ErrBadValue.With(err)
		case Transient(err):
			return busy(err)
		}
		return err
	}
	if Transient(err) {
		return busy(err)
	}
	return err
}

func busy(err error) error {
	e := ErrBusy.With(err)
	e.RetryAfter = time.Second
	return e
}

// Transient reports whether the same work may succeed when tried again:
// serialization failures and deadlocks, lock and statement timeouts, a server
// that is full, out of disk, starting, stopping, or gone.
func Transient(err error) bool {
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pe.Code[:2] {
		case "08", "53", "57", "58", "40":
			return true
		}
		return pe.Code == "55P03" || pe.Code == "25006" || pe.Code == "25P03"
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	return pgconn.SafeToRetry(err) || errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "unexpected EOF") || strings.Contains(err.Error(), "connection reset")
}
