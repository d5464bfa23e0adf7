package train

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"keygan/cipher"
	"keygan/data/imagefile"
	"keygan/data/synthetic"
	"keygan/train/config"
	"keygan/train/runlog"
)

var update = flag.Bool("update", false, "write configs/schema.json anew")

// configs/schema.json is for editors. It is made from the configuration's types, their comments, the objectives' descriptions and the
// defaults, and must be current.
func TestSchemaIsCurrent(t *testing.T) {
	schema := object(reflect.ValueOf(config.Default()), "")
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "keygan experiment"
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(schema); err != nil {
		t.Fatal(err)
	}
	current(t, "../configs/schema.json", text.Bytes())
}

// current compares a generated file, or writes it with -update.
func current(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := runlog.WriteFile(path, want); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the configuration's types and the objectives say (%v); make it anew with: go test ./train -run Current -update", path, err)
	}
}

// choices are the values that a key can have where its type does not say so.
func choices(path string) []string {
	switch path[strings.LastIndexByte(path, '.')+1:] {
	case "synthetic":
		return synthetic.Kinds
	case "axis":
		return []string{imagefile.Axial, imagefile.Coronal, imagefile.Sagittal}
	case "schemes":
		return cipher.Names()
	}
	return config.Choices(path)
}

// object is the schema of a struct at a path of keys; v holds the defaults.
func object(v reflect.Value, path string) map[string]any {
	properties := map[string]any{}
	addProperties(properties, v, path)
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
}

func addProperties(properties map[string]any, v reflect.Value, path string) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if name == "-" {
			continue
		}
		if strings.Contains(options, "inline") {
			addProperties(properties, v.Field(i), path)
			continue
		}
		at := strings.TrimPrefix(path+"."+name, ".")
		p := property(v.Field(i), at)
		if doc := fieldComment(v.Type(), field.Name); doc != "" {
			p["description"] = doc
		}
		if values := choices(at); values != nil {
			if items, list := p["items"].(map[string]any); list {
				items["enum"] = values
			} else {
				p["enum"] = values
			}
		}
		properties[name] = p
	}
}

// property is the schema of a value, with its default unless that is nothing.
func property(v reflect.Value, path string) map[string]any {
	p := map[string]any{}
	if o, ok := v.Interface().(config.ObjectiveConfig); ok {
		return objectiveSchema(o)
	}
	switch v.Kind() {
	case reflect.Struct:
		return object(v, path)
	case reflect.Slice:
		return map[string]any{"type": "array", "items": property(reflect.New(v.Type().Elem()).Elem(), path)}
	case reflect.String:
		p["type"] = "string"
	case reflect.Bool:
		p["type"] = "boolean"
	case reflect.Float64:
		p["type"] = "number"
	default:
		p["type"] = "integer"
		if v.Kind() == reflect.Uint64 {
			p["minimum"] = 0
		}
	}
	if !v.IsZero() {
		p["default"] = v.Interface()
	}
	return p
}

// objectiveSchema has the parameters of all objectives: the description says whose they are.
func objectiveSchema(o config.ObjectiveConfig) map[string]any {
	properties := map[string]any{"name": map[string]any{
		"type": "string", "default": o.Name, "enum": choices("objective.name"), "description": "the losses and updates",
	}}
	for _, p := range options() {
		property := map[string]any{"type": "number", "default": p.Default, "minimum": p.Min, "description": strings.Join(p.Objectives, ", ") + ": " + p.Doc}
		if p.Whole {
			property["type"] = "integer"
		}
		if !math.IsInf(p.Max, 1) {
			property["maximum"] = p.Max
		}
		properties[p.Name] = property
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
}

// An option is a parameter with the objectives that have it; the default is the first one's.
type option struct {
	config.Param
	Objectives []string
}

// options lists the parameters of all objectives, each name once.
func options() (all []option) {
	for _, o := range config.Objectives() {
		for _, p := range o.Params {
			i := slices.IndexFunc(all, func(q option) bool { return q.Name == p.Name })
			if i < 0 {
				i, all = len(all), append(all, option{Param: p})
			}
			all[i].Objectives = append(all[i].Objectives, o.Name)
		}
	}
	return all
}

// fieldComment reads the comment of a struct's field from its source.
func fieldComment(of reflect.Type, field string) (comment string) {
	folder, ok := strings.CutPrefix(of.PkgPath(), "keygan/")
	if !ok {
		return ""
	}
	files, _ := filepath.Glob(filepath.Join("..", folder, "*.go"))
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || spec.Name.Name != of.Name() {
				return true
			}
			for _, f := range spec.Type.(*ast.StructType).Fields.List {
				for _, id := range f.Names {
					if id.Name == field {
						comment = strings.Join(strings.Fields(f.Doc.Text()+f.Comment.Text()), " ")
					}
				}
			}
			return false
		})
	}
	return comment
}

// The table of options in docs/training.md is made from the same descriptions.
func TestOptionsTableIsCurrent(t *testing.T) {
	const path, begin, end = "../docs/training.md", "<!-- options: generated -->\n", "<!-- end of options -->"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s: there is no table between %q and %q", path, begin, end)
	}
	current(t, path, []byte(before+begin+"\n"+optionsTable()+"\n"+end+after))
}

// optionsTable has a row for each key of a configuration, evaluate's aside.
func optionsTable() string {
	var b strings.Builder
	b.WriteString("| key | default | what |\n|---|---|---|\n")
	row := func(key, value, what string) {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", key, value, strings.ReplaceAll(what, "|", "\\|"))
	}
	var walk func(v reflect.Value, path string)
	walk = func(v reflect.Value, path string) {
		for i := range v.NumField() {
			field := v.Type().Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			key, x, what := strings.TrimPrefix(path+"."+name, "."), v.Field(i), fieldComment(v.Type(), field.Name)
			switch {
			case name == "evaluate":
			case name == "objective":
				objectiveRows(row)
			case x.Kind() == reflect.Struct:
				walk(x, key)
			case x.Kind() == reflect.Slice:
				row(key, "", what)
			default:
				if values := choices(key); values != nil && !strings.Contains(what, values[len(values)-1]) {
					what += " (`" + strings.Join(values, "`, `") + "`)"
				}
				value := ""
				if x.Kind() != reflect.String || x.Len() > 0 {
					value = fmt.Sprintf("`%v`", x.Interface())
				}
				row(key, value, strings.TrimSpace(what))
			}
		}
	}
	walk(reflect.ValueOf(config.Default()), "")
	return b.String()
}

func objectiveRows(row func(key, value, what string)) {
	var names []string
	for _, o := range config.Objectives() {
		names = append(names, "`"+o.Name+"`: "+o.Doc)
	}
	row("objective.name", "`"+config.Default().Objective.Name+"`", strings.Join(names, "; "))
	for _, p := range options() {
		value := fmt.Sprintf("`%v`", p.Default)
		for _, o := range p.Objectives {
			if own := config.DefaultOf(o, "", "").Objective.Value(p.Name); own != p.Default {
				value += fmt.Sprintf(", %s `%v`", o, own)
			}
		}
		row("objective."+p.Name, value, fmt.Sprintf("%s: %s; %s", strings.Join(p.Objectives, ", "), p.Doc, p.Range()))
	}
}
