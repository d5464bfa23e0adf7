package train

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"keygan/cipher"
	"keygan/data/imagefile"
	"keygan/data/synthetic"
)

var update = flag.Bool("update", false, "write configs/schema.json anew")

// configs/schema.json is for editors: it is made from the configuration's types, their comments and their defaults, here
// alone, and must be current.
func TestSchemaIsCurrent(t *testing.T) {
	docs := fieldComments(t, "config.go", "../evaluate/experiment/config.go", "../evaluate/experiment/generator.go", "../evaluate/experiment/randomness.go", "../data/dataset/spec.go")
	schema := object(reflect.ValueOf(DefaultConfig()), docs)
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "keygan experiment"
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(schema); err != nil {
		t.Fatal(err)
	}
	const path = "../configs/schema.json"
	if *update {
		if err := writeFile(path, text.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, text.Bytes()) {
		t.Errorf("%s is not what the types say (%v); make it anew with: go test ./train -run Schema -update", path, err)
	}
}

// choices are the values that a key can have where its type does not say so.
func choices(of reflect.Type, key string) []string {
	switch of.String() + "." + key {
	case "train.ObjectiveConfig.name":
		return Objectives()
	case "train.GeneratorConfig.name":
		return names(generators)
	case "train.CriticConfig.name":
		return names(critics)
	case "train.GeneratorConfig.norm":
		return append(slices.Clone(norms), "published")
	case "train.CriticConfig.norm":
		return norms
	case "train.OptimizerConfig.schedule":
		return names(schedules)
	case "train.Target.encrypt":
		return []string{"logistic"}
	case "train.DataConfig.on_bad_file":
		return []string{"fail", "skip"}
	case "train.Schedule.on_nan":
		return []string{"stop", "skip"}
	case "dataset.Spec.synthetic":
		return synthetic.Kinds
	case "dataset.Spec.axis":
		return []string{imagefile.Axial, imagefile.Coronal, imagefile.Sagittal}
	case "experiment.Config.schemes":
		return cipher.Names()
	}
	return nil
}

// object is the schema of a struct; v holds the defaults.
func object(v reflect.Value, docs map[string]string) map[string]any {
	properties := map[string]any{}
	addProperties(properties, v, docs)
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
}

func addProperties(properties map[string]any, v reflect.Value, docs map[string]string) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if name == "-" {
			continue
		}
		if strings.Contains(options, "inline") {
			addProperties(properties, v.Field(i), docs)
			continue
		}
		p := property(v.Field(i), docs)
		if doc := docs[v.Type().String()+"."+field.Name]; doc != "" {
			p["description"] = doc
		}
		if values := choices(v.Type(), name); values != nil {
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
func property(v reflect.Value, docs map[string]string) map[string]any {
	p := map[string]any{}
	switch v.Kind() {
	case reflect.Struct:
		return object(v, docs)
	case reflect.Slice:
		return map[string]any{"type": "array", "items": property(reflect.New(v.Type().Elem()).Elem(), docs)}
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

// fieldComments reads the comments of struct fields, as in "train.Schedule.Batch".
func fieldComments(t *testing.T, files ...string) map[string]string {
	t.Helper()
	docs := map[string]string{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			fields, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			for _, f := range fields.Fields.List {
				for _, id := range f.Names {
					docs[file.Name.Name+"."+spec.Name.Name+"."+id.Name] = strings.Join(strings.Fields(f.Doc.Text()+f.Comment.Text()), " ")
				}
			}
			return true
		})
	}
	return docs
}
