package event

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"egov/libs/fault"
	"egov/libs/sign"
)

// ErrWindowsForged says that windows are not those that their producer signed.
// stable: metrics name the code.
var ErrWindowsForged = fault.New(fault.Refused, "windows_forged",
	"对账窗口的签名无效或不属于其来源服务", "the signature of the reconciliation windows is false or not of the service they claim to come from", "SH12-C-6")

// errWindowsUnsigned says that nothing tells who closed the windows: a release
// that does not sign them, or somebody who took the signature away.
var errWindowsUnsigned = errors.New("the reconciliation windows are not signed")

// window is the count and digest of what a producer recorded in a span of
// time: it is equal in the outbox and in every inbox, or something is missing.
type window struct {
	StartsAt time.Time
	EndsAt   time.Time
	Rows     int64
	Digest   int64
}

// field and value are the window's form in Redis.
func (w window) field() string {
	return fmt.Sprintf("%d-%d", w.StartsAt.UnixMicro(), w.EndsAt.UnixMicro())
}

func (w window) value() string { return fmt.Sprintf("%d %d", w.Rows, w.Digest) }

func parseWindow(field, value string) (window, error) {
	var from, to int64
	var w window
	if _, err := fmt.Sscanf(field, "%d-%d", &from, &to); err != nil {
		return w, fmt.Errorf("window %q: %w", field, err)
	}
	if _, err := fmt.Sscanf(value, "%d %d", &w.Rows, &w.Digest); err != nil {
		return w, fmt.Errorf("window %q: %w", value, err)
	}
	w.StartsAt, w.EndsAt = time.UnixMicro(from), time.UnixMicro(to)
	return w, nil
}

// oldestField names the first window that is offered. It is none itself.
const oldestField = "oldest"

// statement is what a producer signs of its windows: these are all that it has,
// and behind the last of them nothing was recorded until the time they are closed
// to. So none can be changed, left out or added, and an old statement is seen by
// how far it reaches.
//
// In Redis it stands behind an empty window at its end, which has no rows in any
// outbox or inbox. Consumers of before it was signed read that window and no
// further.
type statement struct {
	until     time.Time // that the windows are closed to
	keyID     string
	signedAt  time.Time // whole microseconds
	signature []byte
}

const statementVersion = "1"

// statementField is the field of the statement about windows that are closed to
// that time.
func statementField(until time.Time) string { return window{StartsAt: until, EndsAt: until}.field() }

// value is the stored form: an empty window's, the form's version, the key's id,
// the time of signing in Unix microseconds, the signature in base64.
// stable: consumers of other releases read it.
func (s *statement) value() string {
	return fmt.Sprintf("%s %s %s %d %s", window{}.value(), statementVersion, s.keyID, s.signedAt.UnixMicro(), base64.StdEncoding.EncodeToString(s.signature))
}

// parseStatement reads what stands behind an empty window. A window that has no
// more than its own figures is ok false.
func parseStatement(w window, value string) (s *statement, ok bool, err error) {
	parts := strings.Fields(value)
	if len(parts) <= 2 || !w.StartsAt.Equal(w.EndsAt) {
		return nil, false, nil
	}
	if len(parts) != 6 || parts[2] != statementVersion || w.Rows != 0 || w.Digest != 0 {
		return nil, true, errors.New("the statement is not in a known form")
	}
	s = &statement{until: w.EndsAt, keyID: parts[3]}
	at, err := strconv.ParseInt(parts[4], 10, 64)
	if err != nil {
		return nil, true, err
	}
	s.signedAt = time.UnixMicro(at).UTC()
	s.signature, err = base64.StdEncoding.Strict().DecodeString(parts[5])
	return s, true, err
}

// text is what the signature covers: seven lines, of which the last is the hash
// of the windows, each on a line as Redis has it, in the order of time.
func (s *statement) text(source string, windows []window) []byte {
	sum := sha256.New()
	for _, w := range windows {
		_, _ = fmt.Fprintf(sum, "%s %s\n", w.field(), w.value()) // a hash takes everything
	}
	return fmt.Appendf(nil, "egov.event-windows/v1\n%s\n%s\n%d\n%d\n%d\n%s\n", source, s.keyID, s.signedAt.UnixMicro(),
		s.until.UnixMicro(), len(windows), base64.StdEncoding.EncodeToString(sum.Sum(nil)))
}

// signWindows states that windows, in the order of time, are all of source's up
// to until (SH12-C-6).
func signWindows(key *sign.PrivateKey, source string, now, until time.Time, windows []window) (*statement, error) {
	s := &statement{until: until, keyID: key.KeyID(), signedAt: now.Truncate(time.Microsecond)}
	var err error
	if s.signature, err = key.SignMessage(s.text(source, windows)); err != nil {
		return nil, fmt.Errorf("sign windows: %w", err)
	}
	return s, nil
}

// offer is what stands in Redis of a source's windows.
type offer struct {
	windows   []window // in the order of time
	statement *statement
	bad       error // that keeps the statement from being read
}

// readOffer reads the hash of a source's windows.
func readOffer(fields map[string]string) (offer, error) {
	var o offer
	for field, value := range fields {
		if field == oldestField {
			continue
		}
		w, err := parseWindow(field, value)
		if err != nil {
			return o, err
		}
		s, ok, err := parseStatement(w, value)
		switch {
		case !ok:
			o.windows = append(o.windows, w)
		case err != nil:
			o.bad = err
		case o.statement != nil:
			o.bad = errors.New("there are two statements")
		default:
			o.statement = s
		}
	}
	slices.SortFunc(o.windows, func(a, b window) int { return a.StartsAt.Compare(b.StartsAt) })
	return o, nil
}

// check says whether source signed that these are its windows. It answers
// errWindowsUnsigned, ErrWindowsForged, or why the key cannot be asked:
// ErrKeyUnknown, or that it holds no more, which its producer mends within a
// minute by signing with the next.
func (o *offer) check(keys Keys, source string) error {
	if o.bad != nil {
		return ErrWindowsForged.With(o.bad)
	}
	s := o.statement
	if s == nil {
		return errWindowsUnsigned
	}
	key, err := keys.VerifyingKey(source, s.keyID, s.signedAt)
	if errors.Is(err, sign.ErrSignerMismatch) {
		return ErrWindowsForged.With(fmt.Errorf("key %s: %w", s.keyID, err))
	}
	if err != nil {
		return err
	}
	if !key.VerifyMessage(s.text(source, o.windows), s.signature) {
		return ErrWindowsForged.With(errors.New("the signature does not match the windows"))
	}
	return nil
}
