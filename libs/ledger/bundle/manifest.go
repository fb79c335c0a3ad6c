package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
)

// Names of the files that every bundle has.
const (
	NameCheckpoint   = "checkpoint"
	NameKeys         = "keys.json"
	NameLedger       = "ledger.jsonl"
	NameProof        = "proof.json"
	NameCompleteness = "completeness.json"
	NameManifest     = "manifest.json"
)

// Names of the reports that a bundle may have besides completeness.json.
const (
	NameCompletenessText = "completeness.md" // the same for people
	NameChecks           = "checks.json"     // see Checks
	NameReadme           = "README.md"       // what the bundle is, and how to check it
	NameMetadata         = "metadata.json"   // what an archive files it under
	NameMetadataXML      = "metadata.xml"    // the same
)

var reports = []string{NameCompleteness, NameCompletenessText, NameChecks, NameReadme, NameMetadata, NameMetadataXML}

// IsReport says whether a name is that of a report: what a bundle says of
// itself.
func IsReport(name string) bool { return slices.Contains(reports, name) }

func checkReportName(name string) error {
	if !IsReport(name) {
		return fmt.Errorf("%q is no report", name)
	}
	return nil
}

// Folders that documents go to.
const (
	FolderProject = "project/"
	FolderTables  = "tables/"
	FolderFiles   = "files/"
)

// The forms of the archive. stable: a verifier refuses others.
const (
	// Format says which attachments the rows name, and has those that could be
	// had: its manifest has Attachments.
	Format = "egov-audit-bundle/2"
	// FormatBefore need not. What it has under files/ is listed and signed; that
	// nothing is missing there it does not say, and a verifier warns of that.
	FormatBefore = "egov-audit-bundle/1"
)

// Kind says which rows a bundle holds.
type Kind string

// The kinds; see the package comment.
const (
	KindLedger Kind = "ledger"
	KindRange  Kind = "range"
	KindRows   Kind = "rows"
)

// Scope is what was asked for.
type Scope struct {
	Kind Kind `json:"kind"`
	// Subject is the project whose rows a KindRows bundle holds. When it is
	// set and Filter is not, the events of that subject must carry consecutive
	// numbers per producing service, from 1 on unless From is set: a gap among
	// them is a missing row.
	Subject string `json:"subject,omitempty"`
	From    string `json:"from,omitempty"`   // first day asked for, YYYY-MM-DD
	To      string `json:"to,omitempty"`     // last day asked for, YYYY-MM-DD
	Filter  string `json:"filter,omitempty"` // anything else that was asked, in words
	// Package says that the bundle is more than what was asked of the ledger;
	// PackageArchive is the only one there is.
	Package string `json:"package,omitempty"`
}

// PackageArchive marks what is handed to an archive: the rows of one closed
// project, its papers, and what an archive asks of them.
const PackageArchive = "archive"

// Author is who asked for the export.
type Author struct {
	Unit  string `json:"unit"`
	Actor string `json:"actor"`
	Name  string `json:"name,omitempty"`
}

// Pack is one policy pack in force for the rows.
type Pack struct {
	ID      string `json:"id"`
	Version string `json:"version"`
}

// State is a tree at one size.
type State struct {
	Origin string      `json:"origin"`
	Size   uint64      `json:"size"`
	Root   ledger.Hash `json:"root"`
}

// FileInfo is one file of the archive. SM3 stands beside SHA-256 for every file
// but ledger.jsonl, whose rows carry their own.
type FileInfo struct {
	Name   string       `json:"name"`
	Size   int64        `json:"size"` // bytes, uncompressed
	SHA256 ledger.Hash  `json:"sha256"`
	SM3    *ledger.Hash `json:"sm3,omitempty"`
}

// Manifest lists what the archive holds, for whom and when. The ledger's keys
// sign it: Signatures stand over Statement, which commits to every byte of
// manifest.json before the line that begins the signatures.
type Manifest struct {
	Format     string    `json:"format"`
	Scope      Scope     `json:"scope"`
	CreatedAt  time.Time `json:"created_at"`
	CreatedBy  Author    `json:"created_by"`
	Tool       string    `json:"tool"` // name and version of the program that wrote it
	Packs      []Pack    `json:"packs"`
	Ledger     State     `json:"ledger"` // that of the checkpoint
	Rows       uint64    `json:"rows"`
	First      uint64    `json:"first"`
	Last       uint64    `json:"last"`
	CosignedBy []string  `json:"cosigned_by"`        // witnesses on the checkpoint, sorted
	Notices    []string  `json:"notices,omitempty"`  // what was wrong with the ledger's keeping when it was written, in codes
	Previous   *State    `json:"previous,omitempty"` // the export before, to which proof.json shows the way
	// Attachments says which of the files that the rows name are here; nil in
	// FormatBefore alone, where nobody looked for them.
	Attachments *Attachments `json:"attachments,omitempty"`
	Files       []FileInfo   `json:"files"` // all files but manifest.json, in archive order
	Signatures  []string     `json:"signatures,omitempty"`
}

// signaturesMember is where the signed part of manifest.json ends.
const signaturesMember = ",\n  \"signatures\": ["

// manifestStatement is the text that the ledger's keys sign.
func manifestStatement(origin string, signedPart []byte) string {
	return fmt.Sprintf("egov.bundle.manifest/v1\n%s\nsha256 %s\nsm3 %s\n",
		origin, ledger.Sum256(signedPart).Base64(), ledger.SumSM3(signedPart).Base64())
}

// signedPart is m as JSON without its closing brace and its signatures.
func (m Manifest) signedPart() ([]byte, error) {
	m.Signatures = nil
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b, []byte("\n}")), nil
}

// closeManifest completes manifest.json.
func closeManifest(signedPart []byte, signatures []string) ([]byte, error) {
	list, err := json.MarshalIndent(signatures, "  ", "  ")
	if err != nil {
		return nil, err
	}
	out := append(slices.Clip(signedPart), strings.TrimSuffix(signaturesMember, "[")...)
	return append(append(out, list...), "\n}\n"...), nil
}

// openManifest reads manifest.json and checks that the ledger of c signed it.
func openManifest(data []byte, trust *checkpoint.Trust, c checkpoint.Checkpoint) (*Manifest, error) {
	var m Manifest
	if err := strictJSON(data, &m); err != nil {
		return nil, badManifest(err)
	}
	i := bytes.LastIndex(data, []byte(signaturesMember))
	if i < 0 {
		return nil, badManifest(errors.New("it is not signed"))
	}
	// Whatever stands behind the signed part must be the signatures alone, or a
	// member repeated there could replace a signed one.
	closed, err := closeManifest(data[:i], m.Signatures)
	if err != nil || !bytes.Equal(closed, data) {
		return nil, badManifest(errors.New("something else than signatures follows the signed part"))
	}
	if err := trust.VerifyStatement(c.Size, manifestStatement(c.Origin, data[:i]), m.Signatures); err != nil {
		return nil, badManifest(err)
	}
	return &m, nil
}

func badManifest(err error) *ledger.Finding {
	return ledger.Found(ledger.CodeManifest, 0, "%s: %v", NameManifest, err)
}

// checkName says why a file may not bear that name, or nothing. The rules keep
// an archive from writing outside its folder when somebody unpacks it.
func checkName(name string) error {
	switch name {
	case NameCheckpoint, NameKeys, NameLedger, NameProof, NameVouchers, NameManifest:
		return nil
	}
	if IsReport(name) {
		return nil
	}
	return checkDocumentName(name)
}

func checkDocumentName(name string) error {
	folder, rest, ok := strings.Cut(name, "/")
	if !ok || !slices.Contains([]string{FolderProject, FolderTables, FolderFiles}, folder+"/") {
		return fmt.Errorf("%q does not belong in a bundle", name)
	}
	if len(name) > 512 {
		return fmt.Errorf("a name has %d bytes", len(name))
	}
	for _, r := range name {
		if r < 0x20 || r == 0x7f || r == '\uFFFD' || strings.ContainsRune(`\:*?"<>|`, r) {
			return fmt.Errorf("%q has a character that is not safe", name)
		}
	}
	for part := range strings.SplitSeq(rest, "/") {
		if part == "" || part == "." || part == ".." || strings.HasSuffix(part, ".") || strings.TrimSpace(part) != part {
			return fmt.Errorf("%q is not a safe path", name)
		}
	}
	return nil
}
