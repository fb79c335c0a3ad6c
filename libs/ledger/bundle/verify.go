package bundle

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
	"egov/libs/ledger/vouch"
)

// VerifyOptions say what a verification rests on. The zero value checks a
// bundle against itself, which is worth little: see Trust.
type VerifyOptions struct {
	// Trust pins the keys. Without it those of the earlier export are used, or,
	// without one, the bundle's own, which whoever forged the bundle chose;
	// Warn is then told.
	Trust *checkpoint.Trust
	// Earlier is an export made before: the ledger must continue it. A bundle of
	// a part that holds no proof from its size is ledger.CodeProofMissing.
	Earlier *Earlier
	// Digests are the row hashes to recompute. Zero means both.
	Digests ledger.Digests
	Limits  Limits
	// Warn hears of what does not make the bundle false but lessens what the
	// verification is worth. Nil is deaf.
	Warn func(*fault.Error)
}

// Report is what a verification found. Its JSON form is fixed.
type Report struct {
	OK          bool            // nothing was found
	Rows        uint64          // rows that were found to hold
	FirstBadSeq uint64          // 0 when no single row is to blame
	ErrorCode   ledger.Code     // empty when OK
	Checkpoint  *State          // nil when no trusted key signed it
	CosignedBy  []string        // witnesses that are trusted and cosigned it, sorted
	Finding     *ledger.Finding // what was found, with its texts; nil when OK
}

// MarshalJSON gives {"ok","rows","first_bad_seq","error_code","checkpoint",
// "cosigned_by"}; what is absent is null, cosigned_by is always a list.
func (r Report) MarshalJSON() ([]byte, error) {
	out := struct {
		OK          bool         `json:"ok"`
		Rows        uint64       `json:"rows"`
		FirstBadSeq *uint64      `json:"first_bad_seq"`
		ErrorCode   *ledger.Code `json:"error_code"`
		Checkpoint  *State       `json:"checkpoint"`
		CosignedBy  []string     `json:"cosigned_by"`
	}{OK: r.OK, Rows: r.Rows, Checkpoint: r.Checkpoint, CosignedBy: append([]string{}, r.CosignedBy...)}
	if r.FirstBadSeq != 0 {
		out.FirstBadSeq = &r.FirstBadSeq
	}
	if r.ErrorCode != "" {
		out.ErrorCode = &r.ErrorCode
	}
	return json.Marshal(out)
}

// What Warn may hear.
var (
	// WarnOwnKeys: nobody pinned the keys.
	WarnOwnKeys = fault.New(fault.Invalid, "bundle_own_keys",
		"未指定受信任的密钥，使用的是审计包自带的密钥，只能证明其内部一致",
		"no trusted keys were given: the bundle's own were used, which proves only that it agrees with itself")
	// WarnNoWitness: nobody but the ledger's operator vouches for the tree.
	WarnNoWitness = fault.New(fault.Invalid, "bundle_no_witness",
		"检查点没有受信任的见证签名", "no trusted witness cosigned the checkpoint")
	// WarnNoVouchers: the ledger's word alone says which service stated the rows.
	WarnNoVouchers = fault.New(fault.Invalid, "bundle_no_vouchers",
		"审计包未附各服务对记录的签名，无法证明记录出自所称服务", "the bundle has no service's signatures: nothing but the ledger says which service stated the rows", "SH12-C-6")
	// WarnOwnEventKeys: the ledger names the keys by which services signed.
	WarnOwnEventKeys = fault.New(fault.Invalid, "bundle_own_event_keys",
		"受信任密钥文件中没有各服务的事件密钥，使用的是审计包自带的", "the trusted keys have none of the services': the bundle's own were used for who stated the rows", "SH12-C-9")
	// WarnAttachments: files that the rows name are not in the bundle.
	WarnAttachments = fault.New(fault.Invalid, "bundle_attachments_missing",
		"记录所列附件未全部收入审计包，原因见完整性报告", "not all attachments that the rows name are in the bundle; completeness.json says why")
	// WarnFormBefore: whether attachments are missing cannot be told.
	WarnFormBefore = fault.New(fault.Invalid, "bundle_former_format",
		"审计包为旧版格式，未说明记录所列附件，附件是否齐全无从核对", "the bundle has the former format, which does not say which attachments the rows name: whether any is missing cannot be told", "SH12-A")
	// WarnNotices: the ledger itself said that its keeping was not in order.
	WarnNotices = fault.New(fault.Invalid, "bundle_notices",
		"出具审计包时，账本的签名或见证已超过规定时限", "when the bundle was written, signing or cosigning the ledger was overdue")
)

// ErrEarlier says that the export to compare with cannot be used.
var ErrEarlier = fault.New(fault.Invalid, "earlier_bundle_invalid", "先前的审计包无法用于比对", "the earlier bundle cannot be compared with")

// Earlier is what is needed of an export made before.
type Earlier struct {
	Checkpoint []byte
	Keys       checkpoint.Keys
}

// OpenEarlier takes the checkpoint and the keys out of a bundle. It does not
// verify the rest of it again.
func OpenEarlier(r io.ReaderAt, size int64) (*Earlier, error) {
	a, err := openArchive(r, size, Limits{})
	if err != nil {
		return nil, ErrEarlier.With(err)
	}
	note, _, err := a.readAll(NameCheckpoint, checkpoint.MaxNote)
	if err != nil {
		return nil, ErrEarlier.With(err)
	}
	text, _, err := a.readAll(NameKeys, checkpoint.MaxKeysFile)
	if err != nil {
		return nil, ErrEarlier.With(err)
	}
	keys, err := checkpoint.ParseKeys(text)
	if err != nil {
		return nil, ErrEarlier.With(err)
	}
	return &Earlier{Checkpoint: note, Keys: keys}, nil
}

// State is what the earlier bundle's checkpoint says, by the keys that came with
// it. The error is ErrEarlier.
func (e *Earlier) State() (State, error) {
	trust, err := checkpoint.NewTrust(e.Keys)
	if err != nil {
		return State{}, ErrEarlier.With(err)
	}
	signed, err := trust.OpenUnwitnessed(e.Checkpoint)
	if err != nil {
		return State{}, ErrEarlier.With(errors.New(err.Error()))
	}
	return State{Origin: signed.Origin, Size: signed.Size, Root: signed.Root}, nil
}

// Verify checks a bundle of size bytes. A bundle that does not hold is a
// Report, not an error. Errors are ErrNotBundle, ErrEarlier, those of reading,
// and ctx's.
//
// It reports the first thing it finds, and looks in the order that says most:
// who signed the checkpoint and who witnessed it, whether the ledger shrank,
// each row in turn, whether the rows make up the signed tree, whether that
// continues the earlier one, the manifest and the files it lists, whether the
// rows are as their services signed them, which attachments are there, the
// checks that the bundle says it has passed, and last whether a proof from the
// earlier one is missing, with which a bundle that holds may be made again.
func Verify(ctx context.Context, r io.ReaderAt, size int64, opts VerifyOptions) (Report, error) {
	v := &verification{opts: opts, report: Report{CosignedBy: []string{}}, hashed: make(map[string]FileInfo)}
	err := v.run(ctx, r, size)
	if finding, ok := errors.AsType[*ledger.Finding](err); ok {
		v.report.Finding, v.report.ErrorCode, v.report.FirstBadSeq = finding, finding.Code, finding.Seq
		return v.report, nil
	}
	v.report.OK = err == nil
	return v.report, err
}

// verification is one run. What a step learns, later steps use.
type verification struct {
	opts      VerifyOptions
	report    Report
	archive   *archive
	trust     *checkpoint.Trust
	signed    checkpoint.Signed
	scope     Scope // as the manifest claims it
	earlier   *State
	proof     *proofReader
	rows      Trailer             // what the rows turned out to be
	vouched   error               // what was found of who stated them
	unproved  error               // nothing shows that the ledger continues the earlier one
	eventKeys vouch.Pinned        // by which services sign
	named     bool                // the manifest claims to say which attachments the rows name
	papers    *paperCheck         // nil unless named
	hashed    map[string]FileInfo // files already read
}

func (v *verification) run(ctx context.Context, r io.ReaderAt, size int64) (err error) {
	if v.archive, err = openArchive(r, size, v.opts.Limits); err != nil {
		return err
	}
	if err := v.chooseTrust(); err != nil {
		return err
	}
	if err := v.openCheckpoint(); err != nil {
		return err
	}
	manifest, notAuthentic := v.readManifest()
	if err := v.checkWitnesses(manifest); err != nil {
		return err
	}
	if err := v.openEarlier(); err != nil {
		return err
	}
	if err := v.checkRows(ctx); err != nil {
		return err
	}
	if notAuthentic != nil {
		return notAuthentic
	}
	if err := v.checkManifest(manifest); err != nil {
		return err
	}
	if len(manifest.Notices) > 0 {
		v.warn(WarnNotices.With(errors.New(strings.Join(manifest.Notices, ", "))))
	}
	if err := v.checkFiles(ctx, manifest); err != nil {
		return err
	}
	if v.vouched != nil {
		return v.vouched
	}
	if err := v.checkPapers(manifest); err != nil {
		return err
	}
	if err := v.checkReports(manifest); err != nil {
		return err
	}
	return v.unproved
}

func (v *verification) warn(w *fault.Error) {
	if v.opts.Warn != nil {
		v.opts.Warn(w)
	}
}

// chooseTrust settles whose signatures count.
func (v *verification) chooseTrust() (err error) {
	switch {
	case v.opts.Trust != nil:
		v.trust = v.opts.Trust
	case v.opts.Earlier != nil:
		if v.trust, err = checkpoint.NewTrust(v.opts.Earlier.Keys); err != nil {
			return ErrEarlier.With(err)
		}
	default:
		v.warn(WarnOwnKeys)
		data, _, err := v.archive.readAll(NameKeys, checkpoint.MaxKeysFile)
		if err != nil {
			return v.blame(ledger.CodeUnknownKey, err)
		}
		keys, err := checkpoint.ParseKeys(data)
		if err == nil {
			v.trust, err = checkpoint.NewTrust(keys)
		}
		if err != nil {
			return v.blame(ledger.CodeUnknownKey, err)
		}
	}
	return nil
}

// blame turns a failure to read a file of the archive into a finding, unless
// it was the medium that failed.
func (v *verification) blame(code ledger.Code, err error) error {
	if v.archive.source.err != nil {
		return v.archive.source.err
	}
	if finding, ok := errors.AsType[*ledger.Finding](err); ok {
		return finding
	}
	return ledger.Found(code, 0, "%v", err)
}

func (v *verification) openCheckpoint() error {
	note, info, err := v.archive.readAll(NameCheckpoint, checkpoint.MaxNote)
	if err != nil {
		return v.blame(ledger.CodeCheckpointSignature, err)
	}
	v.hashed[NameCheckpoint] = info
	v.signed, err = v.trust.Open(note)
	if len(v.signed.SignedBy) > 0 {
		v.report.Checkpoint = &State{Origin: v.signed.Origin, Size: v.signed.Size, Root: v.signed.Root}
		v.report.CosignedBy = v.signed.CosignedBy()
	}
	return err
}

// readManifest returns the manifest if it is authentic, else what is wrong
// with it. Rows are looked at first, for they say more; the scope they are
// looked at under is taken from either, since without an authentic manifest the
// verification ends in a finding anyway.
func (v *verification) readManifest() (*Manifest, error) {
	data, _, err := v.archive.readAll(NameManifest, maxManifest)
	if err != nil {
		return nil, v.blame(ledger.CodeManifest, err)
	}
	var claimed struct {
		Scope       Scope        `json:"scope"`
		Attachments *Attachments `json:"attachments"`
	}
	if json.Unmarshal(data, &claimed) == nil {
		v.scope, v.named = claimed.Scope, claimed.Attachments != nil
	}
	m, err := openManifest(data, v.trust, v.signed.Checkpoint)
	if err != nil {
		return nil, v.blame(ledger.CodeManifest, err)
	}
	return m, nil
}

// checkWitnesses finds cosignatures that were there when the manifest was
// signed and are gone. Only witnesses that are trusted can be missed.
func (v *verification) checkWitnesses(m *Manifest) error {
	if m != nil {
		for _, name := range m.CosignedBy {
			if v.trust.Knows(name) && !slices.Contains(v.report.CosignedBy, name) {
				return ledger.Found(ledger.CodeCosignature, 0, "the cosignature of %s was removed", name)
			}
		}
	}
	if len(v.report.CosignedBy) == 0 {
		v.warn(WarnNoWitness)
	}
	return nil
}

// openEarlier reads the earlier checkpoint and finds what needs no rows.
func (v *verification) openEarlier() error {
	if v.opts.Earlier == nil {
		return nil
	}
	e, err := v.trust.OpenUnwitnessed(v.opts.Earlier.Checkpoint)
	if err != nil {
		return ErrEarlier.With(errors.New(err.Error()))
	}
	v.earlier = &State{Origin: e.Origin, Size: e.Size, Root: e.Root}
	switch {
	case e.Size > v.signed.Size:
		return ledger.Found(ledger.CodeTruncated, v.signed.Size+1, "%d rows were seen before, this export stands at %d", e.Size, v.signed.Size)
	case e.Size == v.signed.Size && e.Root != v.signed.Root:
		return ledger.Found(ledger.CodeFork, 0, "two checkpoints of %d rows have different roots", e.Size)
	}
	return nil
}

// checkRows follows ledger.jsonl along the track that proof.json lays.
func (v *verification) checkRows(ctx context.Context) error {
	file, err := v.archive.open(NameProof, true)
	if err != nil {
		return v.blame(ledger.CodeFileHash, err)
	}
	defer file.close()
	if v.proof, err = openProof(file); err != nil {
		return v.blame(ledger.CodeFileHash, err)
	}
	track, err := v.newTrack()
	if err != nil {
		return err
	}
	rows, err := v.archive.open(NameLedger, false)
	if err != nil {
		return v.blame(ledger.CodeTruncated, err)
	}
	defer rows.close()
	check := newRowsCheck(track, v.proof.Kind)
	check.midway = v.scope.From != ""
	scan := scanner{digests: v.opts.Digests}
	if v.proof.Kind == KindRows && v.scope.Filter == "" {
		scan.subject = v.scope.Subject
	}
	vouchers, err := v.openVouchers()
	if err != nil {
		return err
	}
	if vouchers != nil {
		defer vouchers.close()
		check.vouched, scan.vouched = newVouching(v.eventKeys, vouchers), true
		defer check.vouched.pending.Wait()
	}
	if v.named {
		v.papers = newPaperCheck(v.archive)
		check.papers, scan.papers = v.papers, true
	}
	err = scan.scan(ctx, rows, check.chunk)
	v.rows = check.tally.Trailer()
	v.report.Rows = v.rows.Rows
	if ctxErr := ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	switch {
	case errors.Is(err, errLineTooLong):
		return ledger.Found(ledger.CodeRowHash, check.next(), "%v", err)
	case errors.Is(err, zip.ErrChecksum):
		return v.blame(ledger.CodeFileHash, err)
	case err != nil:
		return v.blame(ledger.CodeTruncated, err)
	}
	if err := check.end(v.trust, v.signed.Checkpoint); err != nil {
		return err
	}
	v.hashed[NameLedger] = rows.sums.info(NameLedger)
	if _, err := io.Copy(io.Discard, file); err != nil {
		return v.blame(ledger.CodeFileHash, err)
	}
	v.hashed[NameProof] = file.sums.info(NameProof)
	if vouchers != nil {
		v.vouched = check.vouched.end()
		if _, err := io.Copy(io.Discard, vouchers); err != nil {
			return v.blame(ledger.CodeFileHash, err)
		}
		v.hashed[NameVouchers] = vouchers.sums.info(NameVouchers)
	}
	return v.checkConsistency()
}

// openVouchers begins to read who stated the rows, and settles whose keys count:
// those that are pinned, else the bundle's own. It answers nil where the bundle
// says nothing of it, which is bad where somebody pins keys of services.
func (v *verification) openVouchers() (*hashedFile, error) {
	pinned := v.pinsEvents()
	if v.archive.files[NameVouchers] == nil {
		if pinned {
			v.vouched = ledger.Found(ledger.CodeLeafNotInTree, 0, "there is no %s: nothing proves which service stated the rows", NameVouchers)
		} else {
			v.warn(WarnNoVouchers)
		}
		return nil, nil
	}
	if pinned {
		v.eventKeys.Set = v.opts.Trust.Keys().Events
	} else {
		data, _, err := v.archive.readAll(NameKeys, checkpoint.MaxKeysFile)
		if err != nil {
			return nil, v.blame(ledger.CodeUnknownKey, err)
		}
		keys, err := checkpoint.ParseKeys(data)
		if err != nil {
			return nil, v.blame(ledger.CodeUnknownKey, err)
		}
		v.eventKeys.Set = keys.Events
		if v.opts.Trust != nil || v.opts.Earlier != nil {
			v.warn(WarnOwnEventKeys)
		}
	}
	file, err := v.archive.open(NameVouchers, true)
	if err != nil {
		return nil, v.blame(ledger.CodeFileHash, err)
	}
	return file, nil
}

// pinsEvents says whether the auditor pins the keys by which services sign.
func (v *verification) pinsEvents() bool {
	return v.opts.Trust != nil && v.opts.Trust.Keys().Events != nil
}

func (v *verification) newTrack() (track, error) {
	p := &v.proof.Proof
	c := v.signed.Checkpoint
	if p.Size != c.Size {
		return nil, ledger.Found(ledger.CodeLeafNotInTree, 0, "the proofs are for %d rows, the checkpoint has %d", p.Size, c.Size)
	}
	switch p.Kind {
	case KindLedger:
		return newLedgerTrack(c, v.opts.Digests, v.earlier), nil
	case KindRange:
		t, err := newRangeTrack(c, p)
		if err != nil {
			return nil, ledger.Found(ledger.CodeLeafNotInTree, 0, "%s: %v", NameProof, err)
		}
		return t, nil
	case KindRows:
		return &selection{proofs: v.proof, size: c.Size, root: c.Root}, nil
	default:
		return nil, ledger.Found(ledger.CodeFileHash, 0, "%s: %q is no kind of bundle", NameProof, p.Kind)
	}
}

// checkConsistency compares with the trees seen before: the one the manifest
// names, and the one the auditor holds. A whole ledger has already passed the
// latter on its way.
func (v *verification) checkConsistency() error {
	c := v.proof.Consistency
	if c != nil {
		if err := ledger.VerifyConsistency(c.Size, c.Root, v.signed.Size, v.signed.Root, c.Hashes); err != nil {
			return err
		}
	}
	e := v.earlier
	if e == nil || v.proof.Kind == KindLedger || e.Size == v.signed.Size || e.Size == 0 {
		return nil
	}
	if c == nil || c.Size != e.Size {
		v.unproved = ledger.Found(ledger.CodeProofMissing, 0, "the bundle has no proof from %d rows: have one made with previous_size %d (egov audit export --previous)", e.Size, e.Size)
		return nil
	}
	if c.Root != e.Root {
		return ledger.Found(ledger.CodeFork, 0, "the first %d rows are not those seen before", e.Size)
	}
	return nil
}

// checkManifest compares what the manifest says with what was found.
func (v *verification) checkManifest(m *Manifest) error {
	c := v.proof.Consistency
	switch {
	case m.Format != Format && m.Format != FormatBefore:
		return ledger.Found(ledger.CodeManifest, 0, "its format is %q", m.Format)
	case m.Scope.Kind != v.proof.Kind:
		return ledger.Found(ledger.CodeManifest, 0, "it speaks of %q, the proofs of %q", m.Scope.Kind, v.proof.Kind)
	case m.Ledger != *v.report.Checkpoint:
		return ledger.Found(ledger.CodeManifest, 0, "it names another checkpoint")
	case m.Rows != v.rows.Rows || m.First != v.rows.First || m.Last != v.rows.Last:
		return ledger.Found(ledger.CodeManifest, 0, "it lists %d rows, %d are there", m.Rows, v.rows.Rows)
	case (m.Previous == nil) != (c == nil) || c != nil && (c.Size != m.Previous.Size || c.Root != m.Previous.Root):
		return ledger.Found(ledger.CodeManifest, 0, "it names another export before this one than the proofs")
	}
	listed := make(map[string]bool, len(m.Files))
	for _, f := range m.Files {
		if err := checkName(f.Name); err != nil || f.Name == NameManifest || listed[f.Name] {
			return ledger.Found(ledger.CodeManifest, 0, "it lists %q", f.Name)
		}
		if f.SM3 == nil && f.Name != NameLedger {
			return ledger.Found(ledger.CodeManifest, 0, "it gives no SM3 hash of %s", f.Name)
		}
		listed[f.Name] = true
	}
	for name := range v.archive.files {
		if name != NameManifest && !listed[name] {
			return ledger.Found(ledger.CodeManifest, 0, "%s is not listed", name)
		}
	}
	return nil
}

// checkPapers holds what the manifest says of attachments to the rows and the
// files. A file that is named by its hash is checked with the others. A manifest
// that says nothing of them is one of the form before (SH12-A); whoever pins the
// services' keys takes none, since it was never written beside their signatures.
func (v *verification) checkPapers(m *Manifest) error {
	if m.Attachments == nil {
		if m.Format != FormatBefore || v.pinsEvents() {
			return ledger.Found(ledger.CodeManifest, 0, "it does not say which attachments the rows name")
		}
		v.warn(WarnFormBefore)
		return nil
	}
	if err := v.papers.check(m); err != nil {
		return err
	}
	if n := m.Attachments.Named - m.Attachments.Held; n > 0 {
		v.warn(WarnAttachments.With(fmt.Errorf("%d of %d", n, m.Attachments.Named)))
	}
	return nil
}

// checkFiles compares every file with its line in the manifest.
func (v *verification) checkFiles(ctx context.Context, m *Manifest) error {
	for _, want := range m.Files {
		got, ok := v.hashed[want.Name]
		if !ok {
			if err := ctx.Err(); err != nil {
				return err
			}
			var err error
			if got, err = v.hash(want.Name); err != nil {
				return v.blame(ledger.CodeFileHash, err)
			}
		}
		if got.Size != want.Size || got.SHA256 != want.SHA256 || want.SM3 != nil && (got.SM3 == nil || *got.SM3 != *want.SM3) {
			return ledger.Found(ledger.CodeFileHash, 0, "%s is not the file that was listed", want.Name)
		}
		if h, ok := paperHash(want.Name); ok && h != got.SHA256 {
			return ledger.Found(ledger.CodeFileHash, 0, "%s is not the attachment of that hash", want.Name)
		}
	}
	return nil
}

func (v *verification) hash(name string) (FileInfo, error) {
	f, err := v.archive.open(name, true)
	if err != nil {
		return FileInfo{}, err
	}
	defer f.close()
	if _, err := io.Copy(io.Discard, f); err != nil {
		return FileInfo{}, err
	}
	return f.sums.info(name), nil
}
