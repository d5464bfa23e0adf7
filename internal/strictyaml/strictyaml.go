// Package strictyaml decodes a YAML file into a Go struct and refuses everything that the struct does not have.
//
// An unknown key, a value of another type (even 1.5 for a whole number) and a key given twice are errors of the form file:line: key:
// reason, with the allowed keys where that helps. What the struct held before is the default. The returned Document knows the line of
// each key, so that later checks of values can name it.
package strictyaml

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// A Document remembers the lines of the keys of a decoded file.
type Document struct {
	name  string
	lines map[string]int // "train.batch" → 12
}

// A Shaped value has keys that are known only when the program runs. It decodes itself with UnmarshalYAML.
type Shaped interface {
	YAMLShape() reflect.Type // a struct with yaml tags
}

// Decode decodes src, the content of the file called name, into v, a pointer to a struct with yaml tags.
func Decode(name string, src []byte, v any) (*Document, error) {
	doc, root, err := parse(name, src)
	if err != nil || root == nil {
		return doc, err
	}
	return doc.decode(root, "", v)
}

func (d *Document) decode(node ast.Node, path string, v any) (*Document, error) {
	if err := d.check(node, reflect.TypeOf(v).Elem(), path); err != nil {
		return nil, err
	}
	if err := yaml.NodeToValue(node, v, yaml.Strict()); err != nil {
		return nil, d.syntax(err)
	}
	return d, nil
}

// DecodeSection is Decode for the part of the file under one top-level key. It ignores all other keys.
func DecodeSection(name string, src []byte, section string, v any) (doc *Document, found bool, err error) {
	doc, root, err := parse(name, src)
	if err != nil || root == nil {
		return doc, false, err
	}
	all, _ := pairs(root)
	for _, pair := range all {
		if pair.Key.String() == section {
			doc, err = doc.decode(pair.Value, section, v)
			return doc, true, err
		}
	}
	return doc, false, nil
}

// Errorf makes an error about the value at path, as in "train.batch" or "source[1].folder": file:line: path: reason. A path that the file
// does not mention gets the line of its nearest parent in the file, or none.
func (d *Document) Errorf(path, format string, args ...any) error {
	reason := fmt.Sprintf(format, args...)
	for at := path; at != ""; at = parent(at) {
		if line, ok := d.lines[at]; ok {
			return fmt.Errorf("%s:%d: %s: %s", d.name, line, path, reason)
		}
	}
	return fmt.Errorf("%s: %s: %s", d.name, path, reason)
}

func parent(path string) string { return path[:max(strings.LastIndexAny(path, ".["), 0)] }

func parse(name string, src []byte) (*Document, ast.Node, error) {
	doc := &Document{name: name, lines: map[string]int{}}
	file, err := parser.ParseBytes(src, 0)
	if err != nil {
		return nil, nil, doc.syntax(err)
	}
	if len(file.Docs) > 1 {
		return nil, nil, fmt.Errorf("%s: more than one YAML document in the file", name)
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return doc, nil, nil
	}
	if _, comment := file.Docs[0].Body.(*ast.CommentGroupNode); comment {
		return doc, nil, nil
	}
	return doc, file.Docs[0].Body, nil
}

// syntax turns an error of the YAML library into one line with the file's name and line.
func (d *Document) syntax(err error) error {
	var located yaml.Error
	if errors.As(err, &located) && located.GetToken() != nil {
		return fmt.Errorf("%s:%d: %s", d.name, located.GetToken().Position.Line, located.GetMessage())
	}
	return fmt.Errorf("%s: %w", d.name, err)
}

// check compares a syntax tree with the type that it is to be decoded into.
func (d *Document) check(node ast.Node, t reflect.Type, path string) error {
	if anchor, ok := node.(*ast.AnchorNode); ok {
		node = anchor.Value
	}
	if path != "" {
		d.lines[path] = node.GetToken().Position.Line
	}
	if v, ok := reflect.Zero(t).Interface().(Shaped); ok {
		t = v.YAMLShape()
	}
	want, ok := "", true
	switch t.Kind() {
	case reflect.Struct:
		return d.checkStruct(node, t, path)
	case reflect.Pointer:
		return d.check(node, t.Elem(), path)
	case reflect.Slice:
		var list *ast.SequenceNode
		if list, ok = node.(*ast.SequenceNode); !ok {
			want = "a list"
			break
		}
		for i, item := range list.Values {
			if err := d.check(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case reflect.String:
		want = "a text"
		_, ok = node.(ast.ScalarNode)
	case reflect.Bool:
		want = "true or false"
		_, ok = node.(*ast.BoolNode)
	case reflect.Float32, reflect.Float64:
		want = "a number"
		switch n := node.(type) {
		case *ast.FloatNode, *ast.IntegerNode, *ast.InfinityNode, *ast.NanNode:
		case *ast.StringNode: // the library parses 2e-4, a float in YAML 1.2, as a text
			_, err := strconv.ParseFloat(n.Value, 64)
			ok = err == nil
		default:
			ok = false
		}
	case reflect.Int, reflect.Int64, reflect.Uint64:
		want = "a whole number"
		whole, isWhole := node.(*ast.IntegerNode)
		if ok = isWhole; ok && t.Kind() == reflect.Uint64 {
			want = "a whole number, 0 or more"
			value, signed := whole.Value.(int64)
			ok = !signed || value >= 0
		}
	}
	if !ok {
		return d.Errorf(path, "%s is not %s", strings.TrimSpace(node.String()), want)
	}
	return nil
}

func (d *Document) checkStruct(node ast.Node, t reflect.Type, path string) error {
	fields := map[string]reflect.Type{}
	collect(t, fields)
	all, ok := pairs(node)
	if !ok {
		return d.Errorf(cmp.Or(path, "the file"), "expected keys and values (%s)", allowed(fields))
	}
	for _, pair := range all {
		key := pair.Key.String()
		at := strings.TrimPrefix(path+"."+key, ".")
		field, ok := fields[key]
		if !ok {
			d.lines[at] = pair.Key.GetToken().Position.Line
			return d.Errorf(at, "unknown key; allowed here: %s", allowed(fields))
		}
		if _, null := pair.Value.(*ast.NullNode); null {
			d.lines[at] = pair.Key.GetToken().Position.Line
			return d.Errorf(at, "has no value")
		}
		if err := d.check(pair.Value, field, at); err != nil {
			return err
		}
	}
	return nil
}

// pairs returns the entries of a mapping, which the library represents in two ways.
func pairs(node ast.Node) (entries []*ast.MappingValueNode, ok bool) {
	switch m := node.(type) {
	case *ast.MappingNode:
		return m.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}, true
	}
	return nil, false
}

func allowed(fields map[string]reflect.Type) string {
	return strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
}

// collect gathers the keys of a struct type, including those of inlined structs.
func collect(t reflect.Type, fields map[string]reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case strings.Contains(options, "inline"):
			collect(f.Type, fields)
		case name != "" && name != "-":
			fields[name] = f.Type
		}
	}
}
