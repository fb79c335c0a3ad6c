package images

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// document is an SPDX 2.3 document, as far as it says what a Go program is
// made of.
type document struct {
	SPDXVersion       string         `json:"spdxVersion"`
	DataLicense       string         `json:"dataLicense"`
	SPDXID            string         `json:"SPDXID"`
	Name              string         `json:"name"`
	DocumentNamespace string         `json:"documentNamespace"`
	CreationInfo      creation       `json:"creationInfo"`
	Packages          []component    `json:"packages"`
	Relationships     []relationship `json:"relationships"`
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type component struct {
	Name             string     `json:"name"`
	SPDXID           string     `json:"SPDXID"`
	VersionInfo      string     `json:"versionInfo,omitempty"`
	DownloadLocation string     `json:"downloadLocation"`
	FilesAnalyzed    bool       `json:"filesAnalyzed"`
	LicenseConcluded string     `json:"licenseConcluded"`
	LicenseDeclared  string     `json:"licenseDeclared"`
	CopyrightText    string     `json:"copyrightText"`
	Checksums        []checksum `json:"checksums,omitempty"`
	ExternalRefs     []external `json:"externalRefs,omitempty"`
	Purpose          string     `json:"primaryPackagePurpose,omitempty"`
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type external struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

const unknown = "NOASSERTION"

var notID = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// SBOM lists what a program is made of: itself, by its hash, the modules that
// were linked into it, by the sums that go.sum held them to, and the Go it was
// compiled with.
func SBOM(p Program, info *buildinfo.BuildInfo, binary []byte) ([]byte, error) {
	sum := sha256.Sum256(binary)
	digest := hex.EncodeToString(sum[:])
	self := component{
		Name: p.Name, SPDXID: "SPDXRef-" + notID.ReplaceAllString(p.Name, "-"), VersionInfo: p.Version,
		DownloadLocation: unknown, LicenseConcluded: "Apache-2.0", LicenseDeclared: "Apache-2.0", CopyrightText: unknown,
		Checksums: []checksum{{"SHA256", digest}}, Purpose: "APPLICATION",
	}
	d := document{
		SPDXVersion: "SPDX-2.3", DataLicense: "CC0-1.0", SPDXID: "SPDXRef-DOCUMENT", Name: p.Name,
		DocumentNamespace: "https://egov.invalid/spdx/" + url.PathEscape(p.Name) + "/" + digest,
		CreationInfo:      creation{p.Created.UTC().Format(time.RFC3339), []string{"Tool: egov-images"}},
		Packages:          []component{self},
		Relationships:     []relationship{{"SPDXRef-DOCUMENT", "DESCRIBES", self.SPDXID}},
	}
	add := func(c component) {
		d.Packages = append(d.Packages, c)
		d.Relationships = append(d.Relationships, relationship{self.SPDXID, "CONTAINS", c.SPDXID})
	}
	add(module("stdlib", strings.TrimPrefix(info.GoVersion, "go")))
	for _, m := range info.Deps {
		version, sum := m.Version, m.Sum
		if m.Replace != nil {
			version, sum = m.Replace.Version, m.Replace.Sum
		}
		if version == "" || version == "(devel)" {
			version = p.Version // one of the suite's own modules
		}
		c, err := checked(module(m.Path, version), sum)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Path, err)
		}
		add(c)
	}
	slices.SortFunc(d.Packages[1:], func(a, b component) int { return strings.Compare(a.SPDXID, b.SPDXID) })
	slices.SortFunc(d.Relationships[1:], func(a, b relationship) int { return strings.Compare(a.To, b.To) })
	b, err := json.MarshalIndent(d, "", "  ")
	return append(b, '\n'), err
}

func module(path, version string) component {
	purl := "pkg:golang/" + path + "@" + url.PathEscape(version)
	return component{
		Name: path, SPDXID: "SPDXRef-go-" + notID.ReplaceAllString(path, "-"), VersionInfo: version,
		DownloadLocation: unknown, LicenseConcluded: unknown, LicenseDeclared: unknown, CopyrightText: unknown,
		ExternalRefs: []external{{"PACKAGE-MANAGER", "purl", purl}},
	}
}

// checked adds the module's sum: "h1:" and the SHA-256 of its files' hashes.
func checked(c component, sum string) (component, error) {
	hash, ok := strings.CutPrefix(sum, "h1:")
	if !ok {
		return c, nil
	}
	raw, err := base64.StdEncoding.DecodeString(hash)
	if err != nil {
		return c, err
	}
	c.Checksums = []checksum{{"SHA256", hex.EncodeToString(raw)}}
	return c, nil
}
