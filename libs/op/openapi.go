package op

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
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
	for _, i := range a.ops {
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
	return json.MarshalIndent(r.Spec, "", "  ")
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
