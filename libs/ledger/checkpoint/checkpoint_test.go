package checkpoint_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
)

const origin = "test.example/ledger"

// noon is the clock of every witness here.
func noon() time.Time { return time.Unix(1_679_315_147, 0) }

type pair struct {
	signer   *checkpoint.Signer
	verifier string
}

func newPair(t testing.TB, a checkpoint.Algorithm, name string) pair {
	t.Helper()
	secret, verifier, err := checkpoint.GenerateKey(a, name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := checkpoint.NewSigner(secret, noon)
	if err != nil {
		t.Fatal(err)
	}
	if signer.VerifierKey() != verifier || signer.Name() != name {
		t.Fatalf("%s became %s", verifier, signer.VerifierKey())
	}
	return pair{signer, verifier}
}

// setting is a ledger with an Ed25519 and an SM2 key and three witnesses of two
// units.
type setting struct {
	ed, sm                  pair
	finance, science, scien pair
	keys                    checkpoint.Keys
}

func newSetting(t testing.TB) setting {
	t.Helper()
	s := setting{
		ed:      newPair(t, checkpoint.Ed25519, origin),
		sm:      newPair(t, checkpoint.SM2, origin),
		finance: newPair(t, checkpoint.Ed25519Cosignature, "test.example/witness/finance"),
		science: newPair(t, checkpoint.Ed25519Cosignature, "test.example/witness/science"),
		scien:   newPair(t, checkpoint.SM2Cosignature, "test.example/witness/science"),
	}
	s.keys = checkpoint.Keys{Origin: origin, Keys: []checkpoint.Key{
		{Verifier: s.ed.verifier, Role: checkpoint.RoleLog},
		{Verifier: s.sm.verifier, Role: checkpoint.RoleLog},
		{Verifier: s.finance.verifier, Role: checkpoint.RoleWitness, Unit: "finance"},
		{Verifier: s.science.verifier, Role: checkpoint.RoleWitness, Unit: "science"},
		{Verifier: s.scien.verifier, Role: checkpoint.RoleWitness, Unit: "science"},
	}}
	return s
}

func trust(t testing.TB, k checkpoint.Keys) *checkpoint.Trust {
	t.Helper()
	tr, err := checkpoint.NewTrust(k)
	if err != nil {
		t.Fatal(err, fault.From(err).Violations)
	}
	return tr
}

func at(size uint64) checkpoint.Checkpoint {
	return checkpoint.Checkpoint{
		Origin: origin, Size: size,
		Root:     ledger.Sum256(fmt.Append(nil, size)),
		SM3Chain: ledger.SumSM3(fmt.Append(nil, size)),
	}
}

func sign(t testing.TB, c checkpoint.Checkpoint, signers ...*checkpoint.Signer) []byte {
	t.Helper()
	b, err := checkpoint.Sign(c, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func code(err error) ledger.Code {
	if f, ok := errors.AsType[*ledger.Finding](err); ok {
		return f.Code
	}
	return ""
}

// TestTheSpecificationsExampleVerifies uses the key and the note that C2SP
// signed-note prints.
func TestTheSpecificationsExampleVerifies(t *testing.T) {
	t.Parallel()
	const signed = "This is an example message.\n\n" +
		"— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
	v, err := checkpoint.NewVerifier("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open([]byte(signed), note.VerifierList(v)); err != nil {
		t.Fatal(err)
	}
}

func TestEd25519KeysAreThoseOfTheNotePackage(t *testing.T) {
	t.Parallel()
	secret, verifier, err := checkpoint.GenerateKey(checkpoint.Ed25519, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(verifier)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: at(3).Text()}, signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(signed, note.VerifierList(v)); err != nil {
		t.Fatal(err)
	}
}

// TestCosignatureIsAsSpecified checks the message of tlog-cosignature v1 with
// nothing but an Ed25519 verification of the plain signature.
func TestCosignatureIsAsSpecified(t *testing.T) {
	t.Parallel()
	w := newPair(t, checkpoint.Ed25519Cosignature, "w.example")
	text := at(7).Text()
	sig, err := w.signer.Sign([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	_, key, _ := strings.Cut(w.verifier, "+")
	_, key, _ = strings.Cut(key, "+")
	material, err := base64.StdEncoding.DecodeString(key)
	if err != nil || material[0] != 0x04 || len(material) != 33 {
		t.Fatalf("key material % x, %v", material, err)
	}
	if want := []byte{0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb}; !bytes.Equal(sig[:8], want) || len(sig) != 72 {
		t.Fatalf("timestamp % x of %d bytes", sig[:8], len(sig))
	}
	plain, err := note.NewEd25519VerifierKey("w.example", material[1:])
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(plain)
	if err != nil {
		t.Fatal(err)
	}
	if !v.Verify([]byte("cosignature/v1\ntime 1679315147\n"+text), sig[8:]) {
		t.Fatal("the signed message is another")
	}
}

func TestTextAndItsForms(t *testing.T) {
	t.Parallel()
	s := newSetting(t)
	tr := trust(t, s.keys)
	c := at(42)
	signed := sign(t, c, s.ed.signer, s.sm.signer)
	got, err := tr.Open(signed)
	if err != nil {
		t.Fatal(err)
	}
	if got.Checkpoint != c || fmt.Sprint(got.SignedBy) != "[ed25519 sm2]" || !bytes.Equal(got.Note, signed) {
		t.Fatalf("opened %+v", got)
	}
	// A text that only the signer of the log could make, in forms it must not have.
	root := c.Root.Base64()
	sm3 := "sm3-chain " + c.SM3Chain.Base64()
	for name, text := range map[string]string{
		"two lines":                 origin + "\n42\n",
		"size with a zero in front": origin + "\n042\n" + root + "\n",
		"negative size":             origin + "\n-1\n" + root + "\n",
		"size beyond 63 bits":       origin + "\n9223372036854775808\n" + root + "\n",
		"short root":                origin + "\n42\nAAAA\n",
		"root with loose bits":      origin + "\n42\n" + root[:42] + "B=\n",
		"two SM3 chains":            origin + "\n42\n" + root + "\n" + sm3 + "\n" + sm3 + "\n",
		"bad SM3 chain":             origin + "\n42\n" + root + "\nsm3-chain x\n",
		"empty extension line":      origin + "\n42\n" + root + "\n\nx\n",
	} {
		signed, err := note.Sign(&note.Note{Text: text}, s.ed.signer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tr.Open(signed); code(err) != ledger.CodeCheckpointSignature {
			t.Errorf("%s: %v", name, err)
		}
	}
	unknown, err := note.Sign(&note.Note{Text: origin + "\n42\n" + root + "\nsomething new\n"}, s.ed.signer)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tr.Open(unknown); err != nil || got.Size != 42 {
		t.Errorf("an unknown extension line: %v", err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newSetting(t)
	other := newPair(t, checkpoint.Ed25519, origin)
	elsewhere := newPair(t, checkpoint.Ed25519, "other.example/ledger")
	signed := sign(t, at(42), s.ed.signer, s.sm.signer)
	cosigned := func(by ...pair) []byte {
		b := signed
		for _, p := range by {
			b = cosign(t, s, p, b)
		}
		return b
	}
	edit := func(b []byte, old, with string) []byte {
		if !bytes.Contains(b, []byte(old)) {
			t.Fatalf("no %q", old)
		}
		return bytes.Replace(b, []byte(old), []byte(with), 1)
	}
	witnessLine := func(b []byte, name string) string {
		for line := range strings.Lines(string(b)) {
			if strings.HasPrefix(line, "— "+name) {
				return line
			}
		}
		t.Fatalf("no line of %s", name)
		return ""
	}
	two := cosigned(s.finance, s.science)
	cases := map[string]struct {
		note   []byte
		quorum int
		code   ledger.Code
	}{
		"whole":                                 {two, 2, ""},
		"one unit with two keys counts once":    {cosigned(s.science, s.scien), 2, ledger.CodeCosignature},
		"units with different algorithms count": {cosigned(s.finance, s.scien), 2, ""},
		"too few witnesses":                     {cosigned(s.finance), 2, ledger.CodeCosignature},
		"a cosignature removed":                 {edit(two, witnessLine(two, s.finance.signer.Name()), ""), 2, ledger.CodeCosignature},
		"a cosignature falsified":               {edit(two, witnessLine(two, s.finance.signer.Name()), falsified(witnessLine(two, s.finance.signer.Name()))), 0, ledger.CodeCosignature},
		"size edited":                           {edit(signed, "\n42\n", "\n43\n"), 0, ledger.CodeCheckpointSignature},
		"origin edited":                         {edit(signed, origin+"\n", origin+"x\n"), 0, ledger.CodeUnknownKey},
		"another key of the same name":          {sign(t, at(42), other.signer), 0, ledger.CodeUnknownKey},
		"another ledger":                        {sign(t, checkpoint.Checkpoint{Origin: "other.example/ledger"}, elsewhere.signer), 0, ledger.CodeUnknownKey},
		"one false signature spoils the other":  {edit(signed, witnessLine(signed, origin), falsified(witnessLine(signed, origin))), 0, ledger.CodeCheckpointSignature},
		"no signature":                          {[]byte(at(42).Text()), 0, ledger.CodeCheckpointSignature},
		"only witnesses":                        {edit(edit(two, witnessLine(two, origin), ""), strings.SplitAfter(string(signed), "\n")[6], ""), 0, ledger.CodeUnknownKey},
		"empty":                                 {nil, 0, ledger.CodeCheckpointSignature},
		"control character":                     {append([]byte("\x00"), signed...), 0, ledger.CodeUnknownKey},
		"huge":                                  {append(bytes.Repeat([]byte("x"), checkpoint.MaxNote), signed...), 0, ledger.CodeCheckpointSignature},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := s.keys
			keys.Quorum = c.quorum
			got, err := trust(t, keys).Open(c.note)
			if code(err) != c.code || c.code == "" && err != nil {
				t.Fatalf("%v, want %q", err, c.code)
			}
			if err == nil && fmt.Sprint(got.CosignedBy()) != "[finance science]" {
				t.Fatalf("cosigned by %v", got.CosignedBy())
			}
			if err == nil && !got.Cosignatures[0].At.Equal(noon()) {
				t.Fatalf("cosigned at %v", got.Cosignatures[0].At)
			}
		})
	}
}

// falsified changes the last byte of the signature on a line.
func falsified(line string) string {
	head, b64, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	name, b64, _ := strings.Cut(b64, " ")
	b, _ := base64.StdEncoding.DecodeString(b64)
	b[len(b)-1] ^= 1
	return head + " " + name + " " + base64.StdEncoding.EncodeToString(b) + "\n"
}

func cosign(t testing.TB, s setting, p pair, signed []byte) []byte {
	t.Helper()
	w, err := checkpoint.NewWitness(trust(t, s.keys), p.signer)
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := w.Cosign(checkpoint.Seen{}, signed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestKeysRotateBySize(t *testing.T) {
	t.Parallel()
	old, young := newPair(t, checkpoint.Ed25519, origin), newPair(t, checkpoint.SM2, origin)
	tr := trust(t, checkpoint.Keys{Origin: origin, Keys: []checkpoint.Key{
		{Verifier: old.verifier, Role: checkpoint.RoleLog, Until: 110},
		{Verifier: young.verifier, Role: checkpoint.RoleLog, From: 100},
	}})
	for _, c := range []struct {
		size uint64
		by   pair
		code ledger.Code
	}{
		{99, old, ""},
		{99, young, ledger.CodeUnknownKey},
		{100, old, ""},
		{100, young, ""},
		{109, old, ""},
		{110, old, ledger.CodeUnknownKey},
		{110, young, ""},
	} {
		if _, err := tr.Open(sign(t, at(c.size), c.by.signer)); code(err) != c.code {
			t.Errorf("size %d by %s: %v, want %q", c.size, c.by.verifier, err, c.code)
		}
		lines, err := checkpoint.SignStatement("statement/v1\nx\n", c.by.signer)
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.VerifyStatement(c.size, "statement/v1\nx\n", lines); code(err) != c.code {
			t.Errorf("statement at size %d by %s: %v, want %q", c.size, c.by.verifier, err, c.code)
		}
	}
}

func TestStatements(t *testing.T) {
	t.Parallel()
	s := newSetting(t)
	tr := trust(t, s.keys)
	const text = "statement/v1\nsomething\n"
	lines, err := checkpoint.SignStatement(text, s.ed.signer, s.sm.signer)
	if err != nil || len(lines) != 2 {
		t.Fatal(lines, err)
	}
	witness, err := checkpoint.SignStatement(text, s.finance.signer)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text  string
		lines []string
		code  ledger.Code
	}{
		"both":                       {text, lines, ""},
		"either":                     {text, lines[1:], ""},
		"another text":               {"statement/v1\nsomething else\n", lines, ledger.CodeCheckpointSignature},
		"a witness is not the log":   {text, witness, ledger.CodeUnknownKey},
		"none":                       {text, nil, ledger.CodeCheckpointSignature},
		"text smuggled into a line":  {text, []string{"more\n\n" + lines[0]}, ledger.CodeCheckpointSignature},
		"a line that is no note's":   {text, []string{"x"}, ledger.CodeCheckpointSignature},
		"a checkpoint's signature":   {at(3).Text(), lines, ledger.CodeCheckpointSignature},
		"empty line among the lines": {text, []string{lines[0], ""}, ledger.CodeCheckpointSignature},
	} {
		if err := tr.VerifyStatement(3, c.text, c.lines); code(err) != c.code || c.code == "" && err != nil {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
	}
}

func TestTrustFiles(t *testing.T) {
	t.Parallel()
	s := newSetting(t)
	plain := "# pinned by the audit bureau\n\n" + s.ed.verifier + "\n  " + s.finance.verifier + "  # finance\n"
	keys, err := checkpoint.ParseKeys([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	if keys.Origin != origin || len(keys.Keys) != 2 || keys.Keys[1].Role != checkpoint.RoleWitness {
		t.Fatalf("plain file read as %+v", keys)
	}
	if tr := trust(t, keys); !tr.Knows(s.finance.signer.Name()) || tr.Knows("finance") || tr.Knows(origin) {
		t.Fatal("witnesses of a plain file go by the names of their keys")
	}
	for name, text := range map[string]string{
		"not a key":      "abc",
		"unknown member": `{"origin":"x","kees":[]}`,
		"two documents":  `{"origin":"x","keys":[]} {}`,
		"cut":            `{"origin":`,
		"too long":       strings.Repeat(" ", checkpoint.MaxKeysFile+1),
	} {
		if k, err := checkpoint.ParseKeys([]byte(text)); !errors.Is(err, checkpoint.ErrKeys) {
			t.Errorf("%s: %+v, %v", name, k, err)
		}
	}
	_, err = checkpoint.NewTrust(checkpoint.Keys{Quorum: 2, Origin: origin, Keys: []checkpoint.Key{
		{Verifier: s.ed.verifier, Role: checkpoint.RoleWitness},
		{Verifier: s.finance.verifier, Role: checkpoint.RoleLog},
		{Verifier: s.finance.verifier, Role: checkpoint.RoleWitness, From: 5, Until: 5},
		{Verifier: s.science.verifier, Role: "judge"},
		{Verifier: "x", Role: checkpoint.RoleLog},
	}})
	if !errors.Is(err, checkpoint.ErrKeys) {
		t.Fatal(err)
	}
	var fields []string
	for _, v := range fault.From(err).Violations {
		fields = append(fields, v.Field+" "+v.Code)
	}
	want := "[keys[0].role wrong_algorithm keys[1].role wrong_algorithm keys[1].vkey wrong_name " +
		"keys[2].vkey repeated keys[2].until_size out_of_range keys[3].role unknown keys[4].vkey malformed]"
	if got := fmt.Sprint(fields); got != want {
		t.Fatalf("violations\n%s\nwant\n%s", got, want)
	}
	if _, err := checkpoint.NewTrust(checkpoint.Keys{Quorum: 1}); !errors.Is(err, checkpoint.ErrKeys) || len(fault.From(err).Violations) != 3 {
		t.Fatalf("an empty file: %v", err)
	}
}

func TestKeysAreReadStrictly(t *testing.T) {
	t.Parallel()
	for _, a := range []checkpoint.Algorithm{checkpoint.Ed25519, checkpoint.Ed25519Cosignature, checkpoint.SM2, checkpoint.SM2Cosignature} {
		secret, verifier, err := checkpoint.GenerateKey(a, "k.example")
		if err != nil {
			t.Fatal(err)
		}
		cosigns := strings.HasSuffix(string(a), "-cosignature")
		if _, err := checkpoint.NewSigner(secret, nil); cosigns != errors.Is(err, checkpoint.ErrKey) {
			t.Errorf("%s without a clock: %v", a, err)
		}
		for name, text := range map[string]string{
			"renamed":   strings.Replace(verifier, "k.example", "l.example", 1),
			"cut":       verifier[:len(verifier)-4],
			"no name":   strings.TrimPrefix(verifier, "k.example"),
			"odd id":    strings.Replace(verifier, "+", "+0", 1),
			"a secret":  secret,
			"empty":     "",
			"wrong alg": "k.example+00000000+" + base64.StdEncoding.EncodeToString(append([]byte{9}, make([]byte, 32)...)),
		} {
			if _, err := checkpoint.NewVerifier(text); !errors.Is(err, checkpoint.ErrKey) {
				t.Errorf("%s, %s: %v", a, name, err)
			}
		}
		if _, err := checkpoint.NewSigner(strings.Replace(secret, "k.example", "l.example", 1), noon); !errors.Is(err, checkpoint.ErrKey) {
			t.Errorf("%s: a renamed secret: %v", a, err)
		}
		if _, err := checkpoint.NewSigner(verifier, noon); !errors.Is(err, checkpoint.ErrKey) {
			t.Errorf("%s: a public key signs: %v", a, err)
		}
	}
	off := make([]byte, 65)
	off[0], off[64] = 4, 1
	if _, err := checkpoint.NewVerifier("k+" + "00000000+" + base64.StdEncoding.EncodeToString(append([]byte("\xffegov.sm2-sm3/v1"), off...))); !errors.Is(err, checkpoint.ErrKey) {
		t.Errorf("a point off the curve: %v", err)
	}
	for _, name := range []string{"", "a b", "a+b", "a\u00a0b", "a\nb", "\xff"} {
		if _, _, err := checkpoint.GenerateKey(checkpoint.Ed25519, name); !errors.Is(err, checkpoint.ErrKey) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	if _, _, err := checkpoint.GenerateKey("rsa", "k"); !errors.Is(err, checkpoint.ErrKey) {
		t.Errorf("an unknown algorithm: %v", err)
	}
}

func TestSignRefusesTheWrongKeys(t *testing.T) {
	t.Parallel()
	s := newSetting(t)
	other := newPair(t, checkpoint.Ed25519, "other.example/ledger")
	for name, signers := range map[string][]*checkpoint.Signer{
		"nobody": nil, "a witness": {s.finance.signer}, "another ledger": {other.signer},
	} {
		if b, err := checkpoint.Sign(at(1), signers...); !errors.Is(err, checkpoint.ErrKey) {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	if _, err := checkpoint.Sign(checkpoint.Checkpoint{Size: 1}, s.ed.signer); err == nil {
		t.Error("a checkpoint without origin was signed")
	}
}

// TestOneTextIsSignedInOneWay signs often enough that a nonce drawn by chance
// would show.
func TestOneTextIsSignedInOneWay(t *testing.T) {
	t.Parallel()
	for _, alg := range []checkpoint.Algorithm{checkpoint.Ed25519, checkpoint.SM2} {
		t.Run(string(alg), func(t *testing.T) {
			t.Parallel()
			p, other := newPair(t, alg, origin), newPair(t, alg, origin)
			sign := func(s *checkpoint.Signer, text string) string {
				sig, err := s.Sign([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				return string(sig)
			}
			first := sign(p.signer, "one\n")
			for range 20 {
				if sign(p.signer, "one\n") != first {
					t.Fatal("two signatures of one text differ")
				}
			}
			// Equal first halves would be one nonce used twice: it gives the key away.
			if another := sign(p.signer, "two\n"); another[:32] == first[:32] {
				t.Fatal("two texts share a nonce")
			}
			if another := sign(other.signer, "one\n"); another[:32] == first[:32] {
				t.Fatal("two keys share a nonce")
			}
		})
	}
}

func TestSM2SignaturesRejectEveryChangedByte(t *testing.T) {
	t.Parallel()
	p := newPair(t, checkpoint.SM2, origin)
	v, err := checkpoint.NewVerifier(p.verifier)
	if err != nil {
		t.Fatal(err)
	}
	msg := []byte(at(9).Text())
	sig, err := p.signer.Sign(msg)
	if err != nil || len(sig) != 64 || !v.Verify(msg, sig) {
		t.Fatalf("%d bytes, %v", len(sig), err)
	}
	for i := range sig {
		bad := bytes.Clone(sig)
		bad[i] ^= 0x10
		if v.Verify(msg, bad) {
			t.Fatalf("byte %d does not matter", i)
		}
	}
	for _, bad := range [][]byte{nil, sig[:63], append(bytes.Clone(sig), 0), make([]byte, 64), bytes.Repeat([]byte{0xff}, 64)} {
		if v.Verify(msg, bad) {
			t.Fatalf("% x passes", bad)
		}
	}
}

func FuzzOpen(f *testing.F) {
	s := newSetting(f)
	tr := trust(f, s.keys)
	signed := sign(f, at(42), s.ed.signer, s.sm.signer)
	f.Add(signed)
	f.Add(cosign(f, s, s.scien, signed))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := tr.Open(b)
		if err == nil && got.Checkpoint != at(42) {
			t.Fatalf("opened what nobody signed: %q", b)
		}
		if err != nil && code(err) == "" {
			t.Fatalf("an error that is no finding: %v", err)
		}
	})
}
