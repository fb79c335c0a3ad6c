package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/sign"
)

// Role is what a key may do.
type Role string

// The roles. A key's algorithm must suit its role.
const (
	RoleLog     Role = "log"     // signs checkpoints and statements for the ledger
	RoleWitness Role = "witness" // cosigns checkpoints
)

// Key is one public key and where it is trusted: for trees of From rows and
// more, and, unless Until is 0, of fewer than Until. A ledger rotates its key
// by ending one and beginning the other at the size of the change, with some
// overlap if it likes.
type Key struct {
	Verifier string `json:"vkey"`
	Role     Role   `json:"role"`
	Unit     string `json:"unit,omitempty"` // unit code of a witness; its keys count once towards the quorum
	From     uint64 `json:"from_size,omitempty"`
	Until    uint64 `json:"until_size,omitempty"`
}

// Keys is a trust file: the form of a bundle's keys.json and of a file an
// auditor pins.
type Keys struct {
	Origin string `json:"origin"`
	Quorum int    `json:"quorum"` // how many witnesses must have cosigned
	Keys   []Key  `json:"keys"`
	// Events are the keys by which services sign what they state, with their
	// validity and revocation, in the form in which services publish them. They
	// check no checkpoint; whoever checks who stated a row takes them from here.
	Events *sign.KeySet `json:"events,omitempty"`
}

// ErrKeys says that a trust file cannot be used.
var ErrKeys = fault.New(fault.Invalid, "ledger_keys_invalid", "受信任密钥文件有误", "the file of trusted keys is invalid")

// MaxKeysFile is the most a trust file may have, in bytes.
const MaxKeysFile = 1 << 20

// ParseKeys reads a trust file: the JSON form of Keys, or plain verifier keys,
// one a line, with '#' before comments. In the plain form a key's role is that
// of its algorithm, the origin is the name of the ledger's key, and no witness
// is required.
func ParseKeys(data []byte) (Keys, error) {
	if len(data) > MaxKeysFile {
		return Keys{}, ErrKeys.With(fmt.Errorf("%d bytes, more than %d", len(data), MaxKeysFile))
	}
	if text := bytes.TrimSpace(data); len(text) == 0 || text[0] != '{' {
		return parseLines(string(data))
	}
	var k Keys
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&k); err != nil {
		return Keys{}, ErrKeys.With(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Keys{}, ErrKeys.With(errors.New("something follows the JSON document"))
	}
	return k, nil
}

func parseLines(text string) (Keys, error) {
	var k Keys
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		v, err := newVerifier(line)
		if err != nil {
			return Keys{}, ErrKeys.With(err)
		}
		key := Key{Verifier: line, Role: RoleLog}
		if v.scheme.cosignature {
			key.Role = RoleWitness
		} else if k.Origin == "" {
			k.Origin = v.name
		}
		k.Keys = append(k.Keys, key)
	}
	return k, nil
}

// Trust is a trust file ready for use. It is immutable and safe for concurrent
// use.
type Trust struct {
	keys    Keys
	entries []trusted
}

type trusted struct {
	Key
	verifier *verifier
}

// NewTrust checks a trust file as a whole and reports every violation.
func NewTrust(k Keys) (*Trust, error) {
	var c fault.Checks
	t := &Trust{keys: k}
	c.Require(k.Origin != "", "origin", "required", "必填", "is required")
	witnesses := map[string]bool{}
	seen := map[string]bool{}
	logs := 0
	for i, key := range k.Keys {
		field := fmt.Sprintf("keys[%d]", i)
		v, err := newVerifier(key.Verifier)
		if !c.Require(err == nil, field+".vkey", "malformed", "密钥格式有误", "is not a verifier key") {
			continue
		}
		id := fmt.Sprintf("%s+%08x", v.name, v.hash)
		c.Require(!seen[id], field+".vkey", "repeated", "密钥重复", "is repeated")
		seen[id] = true
		c.Require(key.Until == 0 || key.Until > key.From, field+".until_size", "out_of_range", "须大于起始行数", "must be above from_size")
		switch key.Role {
		case RoleLog:
			logs++
			c.Require(!v.scheme.cosignature, field+".role", "wrong_algorithm", "见证密钥不能签署检查点", "a cosignature key cannot sign for the ledger")
			c.Require(v.name == k.Origin, field+".vkey", "wrong_name", "账本密钥须以账本名称命名", "a ledger's key bears the ledger's name")
		case RoleWitness:
			c.Require(v.scheme.cosignature, field+".role", "wrong_algorithm", "账本密钥不能作见证", "a ledger's key cannot witness")
			witnesses[witnessName(key, v)] = true
		default:
			c.Require(false, field+".role", "unknown", "未知的角色", "is not a role")
		}
		t.entries = append(t.entries, trusted{Key: key, verifier: v})
	}
	c.Require(logs > 0, "keys", "required", "至少须有一个账本密钥", "must have at least one key of the ledger")
	c.Require(k.Quorum >= 0 && k.Quorum <= len(witnesses), "quorum", "out_of_range", "须在0与见证单位数之间", "must be between 0 and the number of witnesses")
	if err := c.Err(); err != nil {
		return nil, ErrKeys.WithViolations(fault.From(err).Violations...)
	}
	return t, nil
}

// Keys is the trust file.
func (t *Trust) Keys() Keys { return t.keys }

// witnessName is how a witness is counted and shown: by its unit, or by its
// key's name when no unit is given.
func witnessName(k Key, v *verifier) string {
	if k.Unit != "" {
		return k.Unit
	}
	return v.name
}

// Cosignature is one witness's statement.
type Cosignature struct {
	Witness string // unit code, or the key's name
	KeyName string
	At      time.Time
}

// Signed is an opened checkpoint.
type Signed struct {
	Checkpoint
	SignedBy     []Algorithm   // the ledger's own signatures that hold
	Cosignatures []Cosignature // in the order of the note; trusted witnesses only
	Note         []byte        // as it was opened
	note         *note.Note
}

// CosignedBy lists the witnesses, each once, sorted.
func (s Signed) CosignedBy() []string {
	names := make([]string, 0, len(s.Cosignatures))
	for _, c := range s.Cosignatures {
		names = append(names, c.Witness)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// MaxNote is the most a signed note may have, in bytes.
const MaxNote = 64 << 10

// Open opens a signed checkpoint that the quorum of witnesses has cosigned. At
// least one key of the ledger that is trusted for that size must have signed
// it; a false signature by any trusted key spoils it; signatures by others are
// left alone. Every error is a *ledger.Finding; with too few witnesses
// (CodeCosignature) the checkpoint is returned too, so that a caller can say
// which are there.
func (t *Trust) Open(signed []byte) (Signed, error) {
	s, err := t.OpenUnwitnessed(signed)
	if err != nil {
		return Signed{}, err
	}
	if got := len(s.CosignedBy()); got < t.keys.Quorum {
		return s, ledger.Found(ledger.CodeCosignature, 0, "%d witnesses cosigned, %d are required", got, t.keys.Quorum)
	}
	return s, nil
}

// OpenUnwitnessed is Open for those who come before the quorum: a witness
// about to cosign, and the ledger that gathers cosignatures.
func (t *Trust) OpenUnwitnessed(signed []byte) (Signed, error) {
	n, size, err := t.openNote(signed, func(text string) (uint64, error) {
		c, err := parse(text)
		if err == nil && c.Origin != t.keys.Origin {
			err = untrusted("it is a checkpoint of %q, not of %q", c.Origin, t.keys.Origin)
		}
		return c.Size, err
	})
	if err != nil {
		return Signed{}, err
	}
	s := Signed{Note: signed, note: n}
	if s.Checkpoint, err = parse(n.Text); err != nil {
		return Signed{}, err
	}
	for _, sig := range n.Sigs {
		e := t.find(sig.Name, sig.Hash, size)
		if e.Role == RoleLog {
			s.SignedBy = append(s.SignedBy, e.verifier.scheme.algorithm)
		} else if at, ok := cosignedAt(sig); ok {
			s.Cosignatures = append(s.Cosignatures, Cosignature{
				Witness: witnessName(e.Key, e.verifier), KeyName: sig.Name, At: at,
			})
		}
	}
	if len(s.SignedBy) == 0 {
		return Signed{}, untrusted("only witnesses signed")
	}
	return s, nil
}

// VerifyStatement checks the signature lines under a statement that Sign made
// about a tree of size rows. The first line of text names the kind of
// statement and must not be the origin's. Every error is a *ledger.Finding:
// CodeUnknownKey or CodeCheckpointSignature.
func (t *Trust) VerifyStatement(size uint64, text string, lines []string) error {
	signed := []byte(text + "\n" + strings.Join(lines, "\n") + "\n")
	n, _, err := t.openNote(signed, func(string) (uint64, error) { return size, nil })
	if err != nil {
		return err
	}
	if n.Text != text {
		return ledger.Found(ledger.CodeCheckpointSignature, 0, "the signature lines hold more than signatures")
	}
	for _, sig := range n.Sigs {
		if t.find(sig.Name, sig.Hash, size).Role == RoleLog {
			return nil
		}
	}
	return untrusted("no key of the ledger signed")
}

// openNote opens a note under the keys trusted for the size that sizeOf reads
// from its text.
func (t *Trust) openNote(signed []byte, sizeOf func(text string) (uint64, error)) (*note.Note, uint64, error) {
	if len(signed) > MaxNote {
		return nil, 0, malformed("it has %d bytes, more than %d", len(signed), MaxNote)
	}
	split := bytes.LastIndex(signed, []byte("\n\n"))
	if split < 0 {
		return nil, 0, malformed("it bears no signature")
	}
	size, err := sizeOf(string(signed[:split+1]))
	if err != nil {
		return nil, 0, err
	}
	n, err := note.Open(signed, inForce{t, size})
	if err == nil {
		return n, size, nil
	}
	if bad, ok := errors.AsType[*note.InvalidSignatureError](err); ok {
		code := ledger.CodeCheckpointSignature
		if t.find(bad.Name, bad.Hash, size).Role == RoleWitness {
			code = ledger.CodeCosignature
		}
		return nil, 0, ledger.Found(code, 0, "%v", err)
	}
	if _, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		return nil, 0, untrusted("no signature is by a key trusted at %d rows", size)
	}
	return nil, 0, malformed("%v", err)
}

func untrusted(format string, args ...any) error {
	return ledger.Found(ledger.CodeUnknownKey, 0, format, args...)
}

func (t *Trust) find(name string, hash uint32, size uint64) trusted {
	for _, e := range t.entries {
		if e.verifier.name == name && e.verifier.hash == hash && size >= e.From && (e.Until == 0 || size < e.Until) {
			return e
		}
	}
	return trusted{}
}

// inForce is the note.Verifiers of one size.
type inForce struct {
	trust *Trust
	size  uint64
}

func (f inForce) Verifier(name string, hash uint32) (note.Verifier, error) {
	if e := f.trust.find(name, hash, f.size); e.verifier != nil {
		return e.verifier, nil
	}
	return nil, &note.UnknownVerifierError{Name: name, KeyHash: hash}
}

// Sign signs a checkpoint with each of the ledger's keys.
func Sign(c Checkpoint, signers ...*Signer) ([]byte, error) {
	if _, err := parse(c.Text()); err != nil {
		return nil, err
	}
	for _, s := range signers {
		if s.IsWitness() || s.Name() != c.Origin {
			return nil, ErrKey.With(fmt.Errorf("%s does not sign for %s", s.Name(), c.Origin))
		}
	}
	return signNote(&note.Note{Text: c.Text()}, signers...)
}

// SignStatement signs any other text for the ledger and returns the signature
// lines alone.
func SignStatement(text string, signers ...*Signer) ([]string, error) {
	signed, err := signNote(&note.Note{Text: text}, signers...)
	if err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(signed[len(text)+1:]), "\n"), "\n"), nil
}

func signNote(n *note.Note, signers ...*Signer) ([]byte, error) {
	if len(signers) == 0 && len(n.Sigs)+len(n.UnverifiedSigs) == 0 {
		return nil, ErrKey.With(errors.New("nobody signs"))
	}
	list := make([]note.Signer, len(signers))
	for i, s := range signers {
		list[i] = s
	}
	return note.Sign(n, list...)
}

// Knows says whether a witness of that name, as CosignedBy shows it, is among
// the trusted ones.
func (t *Trust) Knows(witness string) bool {
	for _, e := range t.entries {
		if e.Role == RoleWitness && witnessName(e.Key, e.verifier) == witness {
			return true
		}
	}
	return false
}
