package bundle_test

import (
	"encoding/json"
	"strings"
	"testing"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
)

// claims is a source that says of itself what the test wants; the ledger's own
// keys sign it all.
func (b *book) claims(t *testing.T, scope bundle.Scope, reports ...string) bundle.Source {
	t.Helper()
	src := b.source(t, scope, 1, len(b.rows))
	src.Completeness = nil
	src.Reports = documents(reports...)
	return src
}

func checks(items ...bundle.Check) string {
	text, err := json.Marshal(bundle.Checks{Format: bundle.ChecksFormat, Items: items})
	if err != nil {
		panic(err) // texts always marshal
	}
	return string(text)
}

func verified(code string, r bundle.Result) bundle.Check {
	return bundle.Check{Code: code, By: bundle.ByVerifier, Result: r}
}

// TestChecksAreMadeAgain: whoever signs that a check was passed which is not so,
// or hides one that was, is found, although every hash holds.
func TestChecksAreMadeAgain(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 30)
	rows := bundle.Scope{Kind: bundle.KindRows, Subject: "YP-2"}
	const none, one = `{"missing":[]}`, `{"summary":{"missing":1},"missing":[{"status":"not_due"},{"status":"missing"}]}`
	for name, c := range map[string]struct {
		completeness string
		check        bundle.Check
		ok           bool
	}{
		"nothing is missing":                   {none, verified(bundle.CheckCompleteness, bundle.Passed), true},
		"something is":                         {one, verified(bundle.CheckCompleteness, bundle.Failed), true},
		"something is, and it says nothing is": {one, verified(bundle.CheckCompleteness, bundle.Passed), false},
		"witnessed":                            {none, verified(bundle.CheckWitnesses, bundle.Passed), true},
		"witnessed, and it says not":           {none, verified(bundle.CheckWitnesses, bundle.Failed), false},
		"two signatures":                       {none, verified(bundle.CheckSignatures, bundle.Passed), true},
		"open formats":                         {none, verified(bundle.CheckFormats, bundle.Passed), true},
		"no programs":                          {none, verified(bundle.CheckInactive, bundle.Passed), true},
		"no metadata":                          {none, verified(bundle.CheckMetadata, bundle.NotApplicable), true},
		"no metadata, and it says they agree":  {none, verified(bundle.CheckMetadata, bundle.Passed), false},
		"a check that there is not":            {none, verified("blessed", bundle.Passed), false},
		"a person's":                           {none, bundle.Check{Code: "blessed", By: bundle.ByPerson, Result: bundle.OpenToOthers}, true},
		"completeness that is no list":         {`{"missing":7}`, verified(bundle.CheckCompleteness, bundle.Passed), false},
		"completeness that is cut":             {`{"missing":[{"status":"missing"}`, verified(bundle.CheckCompleteness, bundle.Failed), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := b.claims(t, rows, bundle.NameCompleteness, c.completeness, bundle.NameChecks, checks(c.check))
			r := verify(t, write(t, b, src), bundle.VerifyOptions{Trust: ring.trust(t)})
			if r.OK != c.ok || !c.ok && r.ErrorCode != ledger.CodeManifest {
				t.Errorf("%+v %v", r, r.Finding)
			}
		})
	}
	src := b.claims(t, rows, bundle.NameChecks, `{"format":"other/1"}`)
	if r := verify(t, write(t, b, src), bundle.VerifyOptions{Trust: ring.trust(t)}); r.ErrorCode != ledger.CodeManifest {
		t.Errorf("checks of another form: %+v", r)
	}
	src.Reports, src.Documents = nil, documents("files/setup.exe", "MZ")
	r := bundle.Findings{Names: []string{"files/setup.exe"}}.Rechecked()
	if r[bundle.CheckInactive] != bundle.Failed || r[bundle.CheckFormats] != bundle.Failed || r[bundle.CheckSignatures] != bundle.Failed {
		t.Errorf("%v", r)
	}
}

// TestAPackageForAnArchiveIsWhole: it is of one project and has every report
// that an archive reads (SH12-A); what lacks one is refused by the verifier.
func TestAPackageForAnArchiveIsWhole(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 30)
	rows := bundle.Scope{Kind: bundle.KindRows, Subject: "YP-2", Package: bundle.PackageArchive}
	metadata, err := json.Marshal(bundle.MetadataOf("YP-2", bundle.Trailer{Rows: 10, First: 2, Last: 29}, b.signed(t).Checkpoint))
	if err != nil {
		t.Fatal(err)
	}
	whole := []string{
		bundle.NameCompleteness, `{"missing":[]}`, bundle.NameChecks, checks(verified(bundle.CheckMetadata, bundle.Passed)),
		bundle.NameReadme, "# 移交包", bundle.NameMetadata, string(metadata), bundle.NameMetadataXML, "<record/>",
	}
	trust := bundle.VerifyOptions{Trust: ring.trust(t)}
	if r := verify(t, write(t, b, b.claims(t, rows, whole...)), trust); !r.OK {
		t.Fatal(r.Finding)
	}
	for i := 2; i < len(whole); i += 2 {
		without := append(append([]string{}, whole[:i]...), whole[i+2:]...)
		if r := verify(t, write(t, b, b.claims(t, rows, without...)), trust); r.OK || r.ErrorCode != ledger.CodeManifest {
			t.Errorf("without %s: %+v", whole[i], r)
		}
	}
	other := append([]string{}, whole...)
	other[7] = strings.Replace(other[7], `"rows":10`, `"rows":11`, 1)
	if r := verify(t, write(t, b, b.claims(t, rows, other...)), trust); r.ErrorCode != ledger.CodeManifest {
		t.Errorf("metadata of other rows: %+v", r)
	}
	for name, scope := range map[string]bundle.Scope{
		"of the ledger":  {Kind: bundle.KindLedger, Package: bundle.PackageArchive},
		"of a part":      {Kind: bundle.KindRows, Subject: "YP-2", Filter: "type", Package: bundle.PackageArchive},
		"of an own kind": {Kind: bundle.KindRows, Subject: "YP-2", Package: "parcel"},
	} {
		if r := verify(t, write(t, b, b.claims(t, scope, whole...)), trust); r.ErrorCode != ledger.CodeManifest {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
