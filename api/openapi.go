package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/swaggest/swgui/v5emb"

	"yunwei/defect"
)

const (
	documentPath = "/api/openapi.json"
	docsPath     = "/api/docs"
)

// documented serves the OpenAPI document of the routes, and a page to browse it that needs nothing from elsewhere.
func (a *api) documented(engine *gin.Engine) {
	document, err := json.Marshal(a.document())
	engine.GET(documentPath, func(c *gin.Context) {
		if err != nil {
			a.refuse(c, err)
			return
		}
		c.Data(http.StatusOK, jsonType, document)
	})
	page := gin.WrapH(v5emb.New("Yunwei", documentPath, docsPath+"/"))
	engine.GET(docsPath, page)
	engine.GET(docsPath+"/*file", page)
}

// document makes the OpenAPI description from the table of routes.
func (a *api) document() *huma.OpenAPI {
	registry := huma.NewMapRegistry("#/components/schemas/", schemaName)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Yunwei", Version: a.version,
			Description: "The service desk. Texts of errors follow Accept-Language (zh, en). Times are RFC 3339, durations seconds.",
		},
		Components: &huma.Components{Schemas: registry, SecuritySchemes: map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT"}}},
	}
	for _, r := range a.routes() {
		if r.id != "" {
			doc.AddOperation(operation(r, registry))
		}
	}
	orNull(registry)
	return doc
}

// orNull says of every object that an answer may lack that it may be null, and adds null to the words that a field takes
// which may lack one: the library says so of the type of texts, numbers and lists only.
func orNull(registry huma.Registry) {
	for name, schema := range registry.Map() {
		t := registry.TypeFromRef("#/components/schemas/" + name)
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t == nil || t.Kind() != reflect.Struct {
			continue
		}
		for _, f := range reflect.VisibleFields(t) {
			key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			p := schema.Properties[key]
			switch {
			case f.Type.Kind() != reflect.Pointer || p == nil:
			case p.Ref != "":
				schema.Properties[key] = &huma.Schema{AnyOf: []*huma.Schema{{Ref: p.Ref}, {Type: "null"}}}
			case len(p.Enum) > 0:
				p.Enum = append(p.Enum, nil)
			}
		}
	}
}

// schemaName names the schema of a type: defectBody is Defect.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "Body")
	return strings.ToUpper(name[:1]) + name[1:]
}

func operation(r route, registry huma.Registry) *huma.Operation {
	op := &huma.Operation{
		OperationID: r.id, Method: r.method, Path: openPath(prefix + r.path), Summary: r.summary, Tags: []string{r.tag}, Responses: map[string]*huma.Response{},
	}
	if !r.open {
		op.Security = []map[string][]string{{"bearer": {}}}
	}
	for _, part := range strings.Split(r.path, "/") {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
		}
	}
	for _, p := range r.query {
		op.Parameters = append(op.Parameters, queryParam(p))
	}
	if r.once {
		most := maxKey
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "Idempotency-Key", In: "header", Description: "A repeat with the same key gives the first result and does nothing.",
			Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &most},
		})
	}
	op.RequestBody = requestBody(r)
	responses(op, r, registry)
	return op
}

// openPath writes gin's :name as OpenAPI's {name}.
func openPath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

func queryParam(p param) *huma.Param {
	out := &huma.Param{Name: p.Name, In: "query", Description: p.summary, Required: p.Required, Schema: schemaOf(p.Field)}
	if p.list {
		explode := false
		out.Schema, out.Style, out.Explode = &huma.Schema{Type: huma.TypeArray, Items: out.Schema}, "form", &explode
	}
	return out
}

func requestBody(r route) *huma.RequestBody {
	switch {
	case r.upload:
		file := &huma.Schema{Type: huma.TypeObject, Required: []string{"file"}, Properties: map[string]*huma.Schema{"file": {Type: huma.TypeString, Format: "binary"}}}
		for _, f := range r.form {
			file.Properties[f.Name] = schemaOf(f)
			if f.Required {
				file.Required = append(file.Required, f.Name)
			}
		}
		return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: file}}}
	case r.body != nil:
		schema := objectOf(r.body)
		return &huma.RequestBody{Required: len(schema.Required) > 0, Content: map[string]*huma.MediaType{jsonType: {Schema: schema}}}
	}
	return nil
}

func responses(op *huma.Operation, r route, registry huma.Registry) {
	for _, status := range append([]int{r.status}, r.also...) {
		answer := &huma.Response{Description: http.StatusText(status)}
		switch {
		case r.answer != nil:
			answer.Content = map[string]*huma.MediaType{jsonType: {Schema: registry.Schema(reflect.TypeOf(r.answer), true, "")}}
		case r.method == http.MethodGet:
			answer.Content = map[string]*huma.MediaType{"*/*": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
		}
		op.Responses[strconv.Itoa(status)] = answer
	}
	op.Responses["default"] = &huma.Response{
		Description: "A problem: its code tells programs, its texts tell people.",
		Content:     map[string]*huma.MediaType{problemType: {Schema: registry.Schema(reflect.TypeOf(problem{}), true, "Problem")}},
	}
}

// objectOf is the schema of an object with the given fields.
func objectOf(fields []defect.Field) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, AdditionalProperties: false}
	for _, f := range fields {
		s.Properties[f.Name] = schemaOf(f)
		if f.Required {
			s.Required = append(s.Required, f.Name)
		}
	}
	slices.Sort(s.Required)
	return s
}

// schemaOf is the schema of a field.
func schemaOf(f defect.Field) *huma.Schema {
	least, most := float64(f.Min), float64(f.Max)
	switch f.Type {
	case defect.TypeObject:
		return objectOf(f.Fields)
	case defect.TypeList:
		list := &huma.Schema{Type: huma.TypeArray, Items: schemaOf(*f.Item)}
		if f.Max > 0 {
			list.MaxItems = &f.Max
		}
		return list
	case defect.TypeDate:
		return &huma.Schema{Type: huma.TypeString, Format: "date"}
	case defect.TypeClock:
		return &huma.Schema{Type: huma.TypeString, Description: "A time of day: 08:30, up to 24:00."}
	case defect.TypeZone:
		return &huma.Schema{Type: huma.TypeString, Description: "A fixed zone: +08:00."}
	case defect.TypeBool:
		return &huma.Schema{Type: huma.TypeBoolean}
	case defect.TypeInteger:
		return &huma.Schema{Type: huma.TypeInteger, Minimum: &least, Maximum: &most}
	case defect.TypeNumber:
		return &huma.Schema{Type: huma.TypeNumber, Minimum: &least, Maximum: &most}
	case defect.TypeTime:
		return &huma.Schema{Type: huma.TypeString, Format: "date-time"}
	case defect.TypeText, defect.TypeEmail, defect.TypeUser, defect.TypeCase:
	}
	s := &huma.Schema{Type: huma.TypeString}
	if f.Max > 0 {
		s.MaxLength = &f.Max
	}
	if f.Type == defect.TypeEmail {
		s.Format = "email"
	}
	for _, v := range f.Enum {
		s.Enum = append(s.Enum, v)
	}
	return s
}
