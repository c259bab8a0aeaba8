package httpapi

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html
var docsPage string

// docsPolicy allows the page its own style, and forbids it to fetch anything.
const docsPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'none'"

// serveDocs serves the OpenAPI document and a page with its contents. Each is made when it is asked
// for the first time, because that takes longer than the rest of the port's start.
func (p *Port) serveDocs(mux *http.ServeMux, api huma.API) {
	doc := api.OpenAPI()
	mux.HandleFunc("GET /openapi.json", document("application/openapi+json", func() ([]byte, error) {
		return json.MarshalIndent(doc, "", "  ")
	}))
	mux.HandleFunc("GET /openapi.yaml", document("application/openapi+yaml", doc.YAML))
	mux.HandleFunc("GET /docs", document("text/html; charset=utf-8", func() ([]byte, error) {
		var page bytes.Buffer
		err := template.Must(template.New("docs").Parse(docsPage)).Execute(&page, pageOf(doc))
		return page.Bytes(), err
	}))
}

func document(mime string, write func() ([]byte, error)) http.HandlerFunc {
	content := sync.OnceValue(func() []byte {
		text, err := write()
		if err != nil {
			panic(err) // an operation is wrong; a test describes them all
		}
		return text
	})
	return func(w http.ResponseWriter, _ *http.Request) {
		text := content()
		w.Header().Set("Content-Type", mime)
		w.Header().Set("Content-Security-Policy", docsPolicy)
		w.Write(text) // fails only if the client is gone
	}
}

// docsOf and the types below are the OpenAPI document in the order in which the page shows it.
type docsOf struct {
	Title, Version, About string
	Token                 bool
	Sections              []docsSection
	Schemas               []docsSchema
}

type docsSection struct {
	Tag, About string
	Operations []docsOperation
}

type docsOperation struct {
	Method, Path, ID, Summary, About string
	Commands                         []string
	Parameters                       []docsField
	Body                             *docsSchema
	Responses                        []docsResponse
}

type docsSchema struct {
	Name   string
	Fields []docsField
}

type docsField struct {
	Name, In, Type, About string
	Required              bool
}

type docsResponse struct{ Status, About, Type string }

func pageOf(doc *huma.OpenAPI) docsOf {
	page := docsOf{
		Title: doc.Info.Title, Version: doc.Info.Version, About: doc.Info.Description,
		Token: len(doc.Security) > 0,
	}
	for _, tag := range doc.Tags {
		page.Sections = append(page.Sections, docsSection{tag.Name, tag.Description, operationsOf(doc, tag.Name)})
	}
	for name, schema := range doc.Components.Schemas.Map() {
		page.Schemas = append(page.Schemas, docsSchema{name, fieldsOf(schema)})
	}
	slices.SortFunc(page.Schemas, func(a, b docsSchema) int { return strings.Compare(a.Name, b.Name) })
	return page
}

func operationsOf(doc *huma.OpenAPI, tag string) (all []docsOperation) {
	for path, item := range doc.Paths {
		for _, o := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if o != nil && slices.Contains(o.Tags, tag) {
				all = append(all, operationOf(doc, path, o))
			}
		}
	}
	slices.SortFunc(all, func(a, b docsOperation) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	return all
}

func operationOf(doc *huma.OpenAPI, path string, o *huma.Operation) docsOperation {
	shown := docsOperation{Method: o.Method, Path: path, ID: o.OperationID, Summary: o.Summary, About: o.Description}
	shown.Commands, _ = o.Extensions[commandsKey].([]string)
	for _, p := range o.Parameters {
		shown.Parameters = append(shown.Parameters,
			docsField{p.Name, p.In, typeOf(p.Schema), p.Description, p.Required})
	}
	if o.RequestBody != nil {
		schema := o.RequestBody.Content["application/json"].Schema
		if schema.Ref != "" {
			schema = doc.Components.Schemas.SchemaFromRef(schema.Ref)
		}
		shown.Body = &docsSchema{Fields: fieldsOf(schema)}
	}
	for status, r := range o.Responses {
		response := docsResponse{Status: status, About: r.Description}
		for mime, content := range r.Content {
			response.Type = mime
			if content.Schema != nil {
				response.Type += " " + typeOf(content.Schema)
			}
		}
		shown.Responses = append(shown.Responses, response)
	}
	slices.SortFunc(shown.Responses, func(a, b docsResponse) int { return strings.Compare(a.Status, b.Status) })
	return shown
}

func fieldsOf(s *huma.Schema) (all []docsField) {
	for name, field := range s.Properties {
		all = append(all,
			docsField{
				Name: name, Type: typeOf(field), About: field.Description,
				Required: slices.Contains(s.Required, name),
			})
	}
	slices.SortFunc(all, func(a, b docsField) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// typeOf describes a schema in a few words.
func typeOf(s *huma.Schema) string {
	switch {
	case s.Ref != "":
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	case s.Type == huma.TypeArray:
		return "list of " + typeOf(s.Items)
	case len(s.Enum) > 0:
		words := make([]string, 0, len(s.Enum))
		for _, word := range s.Enum {
			text, _ := word.(string)
			words = append(words, text)
		}
		return strings.Join(words, " | ")
	case s.Format != "":
		return s.Type + " (" + s.Format + ")"
	}
	return s.Type
}
