package httpapi

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/acen-desktop/acen/api"
)

//go:embed docs.html
var docsSource string

var docsPage = template.Must(template.New("docs").Parse(docsSource))

type docsCall struct {
	*huma.Operation
	SignedIn bool
	Body     string
	Answers  []docsAnswer
}

type docsAnswer struct{ Status, Description, Schema string }

type docsSchema struct{ Name, Text string }

// serveDocs handles GET /docs. It shows the OpenAPI document as a page without external resources.
func (c contract) serveDocs(w http.ResponseWriter, r *http.Request) {
	doc := c.api.OpenAPI()
	data := struct {
		Title, Version, Description string
		Calls                       []docsCall
		Schemas                     []docsSchema
		Codes                       []api.Code
	}{
		Title:       doc.Info.Title,
		Version:     doc.Info.Version,
		Description: doc.Info.Description,
		Codes:       api.Codes(),
	}
	for _, item := range doc.Paths {
		for _, op := range operationsOf(item) {
			data.Calls = append(data.Calls, describeCall(op))
		}
	}
	slices.SortFunc(data.Calls, func(a, b docsCall) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	for name, schema := range doc.Components.Schemas.Map() {
		text, err := json.MarshalIndent(schema, "", "  ")
		if err != nil {
			continue
		}
		data.Schemas = append(data.Schemas, docsSchema{name, string(text)})
	}
	slices.SortFunc(data.Schemas, func(a, b docsSchema) int { return cmp.Compare(a.Name, b.Name) })
	slices.Sort(data.Codes)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	_ = docsPage.Execute(w, data) // fails if the client is gone
}

// operationsOf lists the operations of a path.
func operationsOf(item *huma.PathItem) (list []*huma.Operation) {
	for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
		if op != nil {
			list = append(list, op)
		}
	}
	return list
}

func describeCall(op *huma.Operation) docsCall {
	call := docsCall{Operation: op, SignedIn: len(op.Security) > 0}
	if op.RequestBody != nil {
		call.Body = schemaOf(op.RequestBody.Content)
	}
	for status, response := range op.Responses {
		call.Answers = append(call.Answers, docsAnswer{status, response.Description, schemaOf(response.Content)})
	}
	slices.SortFunc(call.Answers, func(a, b docsAnswer) int { return cmp.Compare(a.Status, b.Status) })
	return call
}

// schemaOf returns the name of the schema of a body, or "".
func schemaOf(content map[string]*huma.MediaType) string {
	for _, media := range content {
		if media.Schema != nil {
			const prefix = len("#/components/schemas/")
			if len(media.Schema.Ref) > prefix {
				return media.Schema.Ref[prefix:]
			}
		}
	}
	return ""
}
