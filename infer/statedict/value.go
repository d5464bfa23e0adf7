package statedict

import (
	"fmt"
	"slices"
	"strings"
)

// The values that a pickle can make here, besides nil, bool, int64, float64 and string, which stands for bytes as well.
type (
	global string // the name of a function or class, never more than the name
	long   string // an integer of more than 64 bits: its bytes, little-endian, two's complement

	list  struct{ items []any }
	tuple struct{ items []any }
	dict  struct{ items []item } // in the order in which they were put in; a key may be of any type, and there twice
	item  struct{ key, value any }
)

func (d *dict) get(key string) any {
	for _, e := range slices.Backward(d.items) {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// hasTensors says whether d may be a state dict: one of its values is a tensor.
func (d *dict) hasTensors() bool {
	return slices.ContainsFunc(d.items, func(e item) bool {
		_, ok := e.value.(*tensor)
		return ok
	})
}

func (d *dict) describe() string {
	names := make([]string, 0, len(d.items))
	for _, e := range d.items {
		if name, ok := e.key.(string); ok {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "no entries with a name"
	}
	return firstOf(names, 12)
}

// firstOf lists the first names, at most most, quoted and cut to what fits a line.
func firstOf(names []string, most int) string {
	var quoted []string
	for _, name := range names[:min(most, len(names))] {
		quoted = append(quoted, fmt.Sprintf("%.40q", name))
	}
	if len(names) > most {
		quoted = append(quoted, "…")
	}
	return strings.Join(quoted, ", ")
}

func kind(v any) string {
	switch v.(type) {
	case nil:
		return "None"
	case bool:
		return "a bool"
	case int64, long:
		return "an integer"
	case float64:
		return "a float"
	case string:
		return "a string"
	case *list:
		return "a list"
	case *tuple:
		return "a tuple"
	case *dict:
		return "a dict"
	case *tensor:
		return "a tensor"
	case *storage:
		return "a storage"
	}
	return "a class"
}

// integers returns v as integers, if it is a tuple or list of at most maxDims of them.
func integers(v any) ([]int64, bool) {
	var items []any
	switch v := v.(type) {
	case *tuple:
		items = v.items
	case *list:
		items = v.items
	default:
		return nil, false
	}
	if len(items) > maxDims {
		return nil, false
	}
	n := make([]int64, len(items))
	for i, item := range items {
		var ok bool
		if n[i], ok = item.(int64); !ok {
			return nil, false
		}
	}
	return n, true
}
