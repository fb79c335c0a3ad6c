// Package apidocs describes the HTTP API of every service as OpenAPI 3.1
// documents, from the services' own operations and types: no service runs, no
// document is written by hand.
package apidocs

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing/fstest"

	"github.com/prometheus/client_golang/prometheus"

	"egov/libs/calendar"
	"egov/libs/module"
	"egov/libs/op"
	"egov/services/auditexport"
	auditexportapi "egov/services/auditexport/httpapi"
	"egov/services/budgeting"
	budgetingapi "egov/services/budgeting/httpapi"
	"egov/services/conference"
	conferenceapi "egov/services/conference/httpapi"
	"egov/services/cryptoassessment"
	cryptoassessmentapi "egov/services/cryptoassessment/httpapi"
	"egov/services/cybersecurity"
	cybersecurityapi "egov/services/cybersecurity/httpapi"
	"egov/services/dataresource"
	dataresourceapi "egov/services/dataresource/httpapi"
	"egov/services/declaration"
	declarationapi "egov/services/declaration/httpapi"
	"egov/services/declaration/planning"
	"egov/services/expertreview"
	expertreviewapi "egov/services/expertreview/httpapi"
	"egov/services/identity"
	identityapi "egov/services/identity/httpapi"
	"egov/services/legalization"
	legalizationapi "egov/services/legalization/httpapi"
	"egov/services/portal"
	"egov/services/procurement"
	procurementapi "egov/services/procurement/httpapi"
)

// services are those that are put together by package module, under the titles
// that their modules give them.
var services = []struct {
	name, title string
	mount       func(*op.API)
}{
	{"auditexport", "审计账本", func(a *op.API) { auditexportapi.Mount(a, new(auditexport.Service)) }},
	{"budgeting", "项目预算", func(a *op.API) { budgetingapi.Mount(a, new(budgeting.Service)) }},
	{"conference", "联席会议", func(a *op.API) { conferenceapi.Mount(a, new(conference.Service)) }},
	{"cryptoassessment", "密码与信创", func(a *op.API) { cryptoassessmentapi.Mount(a, new(cryptoassessment.Service)) }},
	{"cybersecurity", "网络安全", func(a *op.API) { cybersecurityapi.Mount(a, new(cybersecurity.Service)) }},
	{"dataresource", "数据资源", func(a *op.API) { dataresourceapi.Mount(a, new(dataresource.Service)) }},
	{"declaration", "项目申报", func(a *op.API) { declarationapi.Mount(a, new(declaration.Service), new(planning.Service)) }},
	{"expertreview", "论证评估", func(a *op.API) { expertreviewapi.Mount(a, new(expertreview.Service)) }},
	{"identity", "统一身份", func(a *op.API) { identityapi.Mount(a, new(identity.Service), nil) }},
	{"legalization", "软件正版化", func(a *op.API) { legalizationapi.Mount(a, new(legalization.Service)) }},
	{"procurement", "采购与实施", func(a *op.API) { procurementapi.Mount(a, new(procurement.Service)) }},
}

// Documents describes every service: its name and its document, which ends
// with a newline and is the same whenever the operations are.
func Documents() (map[string][]byte, error) {
	docs := map[string][]byte{}
	for _, s := range services {
		doc, err := module.Describe(s.name, s.title, s.mount)
		if err != nil {
			return nil, err
		}
		docs[s.name] = append(doc, '\n')
	}
	doc, err := describePortal()
	if err != nil {
		return nil, fmt.Errorf("describe portal: %w", err)
	}
	docs["portal"] = append(doc, '\n')
	return docs, nil
}

// describePortal asks a portal without pages, sessions or services for its
// description.
func describePortal() ([]byte, error) {
	h, err := portal.New(portal.Parts{
		Config: portal.Default(), Clock: calendar.System(), Pages: fstest.MapFS{"index.html": {}},
		Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Stop: context.Background(),
	})
	if err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if w.Code != http.StatusOK {
		return nil, fmt.Errorf("it answers %d", w.Code)
	}
	return w.Body.Bytes(), nil
}

// Write makes dir hold the documents and no others; a file that is current is
// left alone.
func Write(dir string) error {
	docs, err := Documents()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	old, err := fs.Glob(os.DirFS(dir), "*.json")
	if err != nil {
		return err
	}
	for _, name := range old {
		if docs[strings.TrimSuffix(name, ".json")] == nil {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	for name, doc := range docs {
		path := filepath.Join(dir, name+".json")
		if was, err := os.ReadFile(path); err == nil && bytes.Equal(was, doc) {
			continue
		}
		if err := os.WriteFile(path, doc, 0o644); err != nil {
			return err
		}
	}
	return nil
}
