package bundle

import (
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
)

// ChecksFormat names the form of checks.json. stable: a verifier refuses others.
const ChecksFormat = "egov-archive-checks/1"

// Property is one of the four things an archive asks of electronic records.
type Property string

// The properties, as DA/T 70 and GB/T 42940 name them.
const (
	Authenticity Property = "authenticity" // 真实性
	Integrity    Property = "integrity"    // 完整性
	Usability    Property = "usability"    // 可用性
	Safety       Property = "safety"       // 安全性
)

// Result is what a check came to.
type Result string

// The results. Open is what this program cannot answer.
const (
	Passed        Result = "passed"
	Failed        Result = "failed"
	NotApplicable Result = "not_applicable"
	OpenToOthers  Result = "open"
)

// Checker is who answers a check.
type Checker string

// The checkers.
const (
	ByVerifier Checker = "verifier" // Verify checks it again
	ByWriter   Checker = "writer"   // it is so because of how the bundle is made; nobody checks it again
	ByPerson   Checker = "person"   // somebody must look
	ByArchives Checker = "archives" // the archives bureau's own tool, or its own rules
)

// Check is one item of checks.json.
type Check struct {
	Code     string   `json:"code"` // stable
	Property Property `json:"property"`
	Title    string   `json:"title"`
	TitleEN  string   `json:"title_en"`
	Method   string   `json:"method"` // how it is done
	MethodEN string   `json:"method_en"`
	By       Checker  `json:"by"`
	Result   Result   `json:"result"`
	Evidence []string `json:"evidence"` // files of the bundle
}

// Checks is checks.json: what an archive asks of records, item by item.
type Checks struct {
	Format string  `json:"format"`
	Items  []Check `json:"items"`
}

// Codes of the checks that Verify makes again. stable: checks.json carries them.
const (
	CheckRows         = "rows_in_signed_tree" // every row is in the tree that the ledger's keys signed
	CheckSignatures   = "two_signatures"      // by two algorithms
	CheckWitnesses    = "witnessed"           // another unit cosigned
	CheckVouchers     = "stated_by_service"   // every row is as the service it names signed it
	CheckMetadata     = "metadata_agrees"     // metadata.json names the rows and the checkpoint that are here
	CheckConsecutive  = "facts_consecutive"   // no fact is left out between two others
	CheckFiles        = "files_hashed"        // every file is listed with its hashes
	CheckCompleteness = "nothing_due_missing" // completeness.json knows of nothing that is due and not there
	CheckAttachments  = "attachments_held"    // every attachment that a row names is here
	CheckFormats      = "open_formats"        // every file can be read without this program
	CheckPlain        = "plain_archive"       // nothing is encrypted, linked or named unsafely
	CheckInactive     = "no_active_content"   // no file is a program or may carry one
)

// Findings is what the checks that Verify makes again rest on besides the rows.
type Findings struct {
	Note       []byte   // the checkpoint
	CosignedBy []string // as the manifest has it
	Missing    int64    // things that are due and not there, by completeness.json
	Names      []string // of the files
	Metadata   *bool    // metadata.json agrees; nil without one
	// Attachments are those that the rows name, as the manifest has them; nil where
	// nobody looked for them.
	Attachments *Attachments
}

// Rechecked gives the results of the checks that Verify makes again, by code,
// for a bundle whose rows and files hold.
func (f Findings) Rechecked() map[string]Result {
	passed := func(ok bool) Result {
		if ok {
			return Passed
		}
		return Failed
	}
	out := map[string]Result{
		CheckRows: Passed, CheckConsecutive: Passed, CheckFiles: Passed, CheckPlain: Passed, // or no bundle would have come so far
		CheckSignatures:   passed(signatures(f.Note) >= 2),
		CheckVouchers:     passed(slices.Contains(f.Names, NameVouchers)), // which hold, or no bundle would have come so far
		CheckWitnesses:    passed(len(f.CosignedBy) > 0),
		CheckCompleteness: passed(f.Missing == 0),
		CheckFormats:      passed(!slices.ContainsFunc(f.Names, func(n string) bool { return !isOpen(n) })),
		CheckInactive:     passed(!slices.ContainsFunc(f.Names, isActive)),
		CheckMetadata:     NotApplicable,
		CheckAttachments:  NotApplicable,
	}
	if f.Metadata != nil {
		out[CheckMetadata] = passed(*f.Metadata)
	}
	if a := f.Attachments; a != nil && a.Named > 0 {
		out[CheckAttachments] = passed(a.Held == a.Named)
	}
	return out
}

// signatures counts the ledger's own under a checkpoint.
func signatures(note []byte) (n int) {
	origin, _, _ := strings.Cut(string(note), "\n")
	for line := range strings.Lines(string(note)) {
		if strings.HasPrefix(line, "— "+origin+" ") {
			n++
		}
	}
	return n
}

// isOpen says whether a file is in a form that is published and widely read.
func isOpen(name string) bool {
	open := []string{".json", ".jsonl", ".csv", ".xlsx", ".parquet", ".md", ".xml", ".pdf", ".ofd", ".docx", ".png", ".jpg", ".jpeg", ".txt"}
	return name == NameCheckpoint || slices.Contains(open, strings.ToLower(path.Ext(name)))
}

// isActive says whether a file's name is that of a program, or of a document
// that may hold one.
func isActive(name string) bool {
	active := []string{
		".exe", ".dll", ".so", ".com", ".bat", ".cmd", ".ps1", ".sh", ".js", ".vbs", ".jar", ".msi", ".scr", ".lnk", ".hta", ".html", ".htm", ".svg",
		".docm", ".xlsm", ".pptm", ".dotm", ".xltm", ".xlam", ".xll",
	}
	return slices.Contains(active, strings.ToLower(path.Ext(name)))
}

// Metadata is the part of metadata.json that says which rows a package holds;
// the rest is the archive's.
type Metadata struct {
	Project string `json:"project_id" xml:"project_id"`
	Rows    uint64 `json:"rows" xml:"rows"`
	First   uint64 `json:"first_seq" xml:"first_seq"`
	Last    uint64 `json:"last_seq" xml:"last_seq"`
	Ledger  State  `json:"ledger" xml:"-"`
}

// MetadataOf is what metadata.json has to say.
func MetadataOf(subject string, t Trailer, c checkpoint.Checkpoint) Metadata {
	return Metadata{Project: subject, Rows: t.Rows, First: t.First, Last: t.Last, Ledger: State{Origin: c.Origin, Size: c.Size, Root: c.Root}}
}

// ofArchive are the reports without which a package is none for an archive.
var ofArchive = []string{NameCompleteness, NameChecks, NameReadme, NameMetadata, NameMetadataXML}

// checkReports makes again the checks that a bundle says it has passed.
func (v *verification) checkReports(m *Manifest) error {
	switch m.Scope.Package {
	case "":
	case PackageArchive:
		if m.Scope.Kind != KindRows || m.Scope.Subject == "" || m.Scope.Filter != "" {
			return ledger.Found(ledger.CodeManifest, 0, "a package for an archive is of one whole project")
		}
		for _, name := range ofArchive {
			if v.archive.files[name] == nil {
				return ledger.Found(ledger.CodeManifest, 0, "a package for an archive has no %s", name)
			}
		}
	default:
		return ledger.Found(ledger.CodeManifest, 0, "%q is no package", m.Scope.Package)
	}
	if v.archive.files[NameChecks] == nil {
		return nil
	}
	var checks Checks
	if err := v.readReport(NameChecks, &checks); err != nil {
		return err
	}
	if checks.Format != ChecksFormat {
		return ledger.Found(ledger.CodeManifest, 0, "%s has the form %q", NameChecks, checks.Format)
	}
	again, err := v.findings(m)
	if err != nil {
		return err
	}
	results := again.Rechecked()
	for _, c := range checks.Items {
		if c.By != ByVerifier {
			continue
		}
		if found, known := results[c.Code]; !known || found != c.Result {
			return ledger.Found(ledger.CodeManifest, 0, "%s says of %s %q, found is %q", NameChecks, c.Code, c.Result, found)
		}
	}
	return nil
}

// findings gathers what the checks rest on.
func (v *verification) findings(m *Manifest) (f Findings, err error) {
	f = Findings{Note: v.signed.Note, CosignedBy: m.CosignedBy, Names: make([]string, 0, len(m.Files)), Attachments: m.Attachments}
	for _, file := range m.Files {
		f.Names = append(f.Names, file.Name)
	}
	if f.Missing, err = v.missing(); err != nil {
		return f, err
	}
	if v.archive.files[NameMetadata] != nil {
		var said Metadata
		if err := v.readReport(NameMetadata, &said); err != nil {
			return f, err
		}
		agrees := said == MetadataOf(m.Scope.Subject, v.rows, v.signed.Checkpoint)
		f.Metadata = &agrees
	}
	return f, nil
}

// readReport reads a small report whole.
func (v *verification) readReport(name string, into any) error {
	data, _, err := v.archive.readAll(name, maxManifest)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return v.blame(ledger.CodeManifest, fmt.Errorf("%s: %w", name, err))
	}
	return nil
}

// missing counts in completeness.json, which may be long, what is due and not
// there.
func (v *verification) missing() (n int64, err error) {
	file, err := v.archive.open(NameCompleteness, false)
	if err != nil {
		return 0, v.blame(ledger.CodeManifest, err)
	}
	defer file.close()
	if n, err = countMissing(file); err != nil {
		return 0, v.blame(ledger.CodeManifest, fmt.Errorf("%s: %w", NameCompleteness, err))
	}
	return n, nil
}

func countMissing(r io.Reader) (n int64, err error) {
	budget := &budgetReader{r: r, left: proofElement}
	d := json.NewDecoder(budget)
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			return 0, err
		}
		budget.left = proofElement
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			if depth--; depth == 0 {
				return n, nil
			}
		case "missing":
			if depth != 1 || !d.More() {
				continue
			}
			if token, err = d.Token(); err != nil {
				return 0, err
			}
			if token != json.Delim('[') {
				return 0, fmt.Errorf("missing is no list")
			}
			for d.More() {
				var one struct {
					Status string `json:"status"`
				}
				if err := d.Decode(&one); err != nil {
					return 0, err
				}
				budget.left = proofElement
				if one.Status == "missing" {
					n++
				}
			}
		}
	}
}
