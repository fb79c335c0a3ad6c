package op

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/swaggest/jsonschema-go"
	"github.com/swaggest/openapi-go"
	"github.com/swaggest/openapi-go/openapi31"
)

// OpenAPI describes the mounted operations as an OpenAPI 3.1 document. The
// document follows from the Go types alone, so it cannot drift from them.
func (a *API) OpenAPI() ([]byte, error) {
	r := openapi31.NewReflector()
	r.Spec.Info.WithTitle(a.Title).WithVersion("v1")
	r.SpecEns().SetHTTPBearerTokenSecurity("bearer", "JWT", "an access token of the identity service")
	r.DefaultOptions = append(r.DefaultOptions, jsonschema.InterceptDefName(func(_ reflect.Type, name string) string {
		return strings.NewReplacer("Aggregate", "", "[", "Of", "]", "").Replace(name)
	}))
	r.DefaultOptions = append(r.DefaultOptions, jsonschema.InterceptProp(func(p jsonschema.InterceptPropParams) error {
		if name := p.Field.Tag.Get("shape"); p.Processed && name != "" {
			p.PropertySchema.WithRef(components + name)
		}
		return nil
	}))
	for _, i := range slices.Concat(a.ops, a.beside) {
		c, err := r.NewOperationContext(i.Method, i.Path)
		if err != nil {
			return nil, fmt.Errorf("describe %s: %w", i.Name, err)
		}
		c.SetID(strings.TrimPrefix(i.Name, a.Service+"."))
		c.SetSummary(i.Summary)
		if len(i.Roles) > 0 {
			c.SetDescription("Roles: " + strings.Join(i.Roles, ", "))
		}
		if !i.Public {
			c.AddSecurity("bearer")
		}
		c.AddReqStructure(i.req)
		if a.repeatable && i.Method == http.MethodPost && !names(i.req, "Idempotency-Key") {
			c.AddReqStructure(new(repeatable))
		}
		if i.body != nil {
			c.AddReqStructure(i.body)
		} else if names(i.req, "raw") {
			c.AddReqStructure(nil, openapi.WithContentType("application/octet-stream"), func(u *openapi.ContentUnit) { u.Format = "binary" })
		}
		if _, file := i.resp.(*File); file {
			c.AddRespStructure(nil, openapi.WithHTTPStatus(i.Status), openapi.WithContentType("application/octet-stream"))
		} else {
			c.AddRespStructure(i.resp, openapi.WithHTTPStatus(i.Status))
		}
		c.AddRespStructure(new(Problem), func(u *openapi.ContentUnit) {
			u.IsDefault = true
			u.ContentType = "application/problem+json"
		})
		if err := r.AddOperation(c); err != nil {
			return nil, fmt.Errorf("describe %s: %w", i.Name, err)
		}
	}
	doc, err := json.MarshalIndent(r.Spec, "", "  ")
	if err != nil {
		return nil, err
	}
	return doc, a.resolved(doc)
}

// components is where the document keeps its schemas.
const components = "#/components/schemas/"

// repeatable is what every POST takes besides.
type repeatable struct {
	Key string `header:"Idempotency-Key" maxLength:"128" description:"The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused."`
}

// names reports whether a field of a request is read from somewhere under a name.
func names(req any, name string) bool {
	t := reflect.TypeOf(req).Elem()
	if t.Kind() != reflect.Struct {
		return false
	}
	for _, f := range reflect.VisibleFields(t) {
		if _, from := source(f); from == name || f.Tag.Get("body") == name {
			return true
		}
	}
	return false
}

// resolved holds the names in tags `shape:"X"` to the document's schemas.
func (a *API) resolved(doc []byte) error {
	for _, i := range a.ops {
		t := reflect.TypeOf(i.req).Elem()
		if t.Kind() != reflect.Struct {
			continue
		}
		for _, f := range reflect.VisibleFields(t) {
			if name := f.Tag.Get("shape"); name != "" && !bytes.Contains(doc, []byte("\n      "+strconv.Quote(name)+": {")) {
				return fmt.Errorf("describe %s: no operation has the shape %s", i.Name, name)
			}
		}
	}
	return nil
}

// ServeOpenAPI mounts GET /openapi.json; call it after the last Handle.
func (a *API) ServeOpenAPI() error {
	doc, err := a.OpenAPI()
	if err != nil {
		return err
	}
	a.mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(doc) // the client is gone when this fails
	})
	return nil
}
