package nn

import (
	"fmt"
	"reflect"
	"slices"

	torch "keygan/gotorch"
)

// NamedTensor is a parameter or a buffer with the path of fields that leads to it.
type NamedTensor struct {
	Name   string
	Tensor torch.Tensor
}

// NamedTensors returns all parameters and buffers in the order of the fields.
func (m *Module) NamedTensors() []NamedTensor { return m.named(true, true) }

// Parameters returns what is trained, in the order of the fields.
func (m *Module) Parameters() []torch.Tensor { return tensors(m.named(true, false)) }

// Buffers returns what is not trained, in the order of the fields.
func (m *Module) Buffers() []torch.Tensor { return tensors(m.named(false, true)) }

// NamedParameters returns what is trained.
func (m *Module) NamedParameters() map[string]torch.Tensor { return byName(m.named(true, false)) }

// NamedBuffers returns what is not trained.
func (m *Module) NamedBuffers() map[string]torch.Tensor { return byName(m.named(false, true)) }

// StateDict returns all parameters and buffers.
func (m *Module) StateDict() map[string]torch.Tensor { return byName(m.named(true, true)) }

// SetStateDict copies values of the same names and shapes into all parameters and buffers. Unless it has exactly a value for
// each, of its shape, nothing is changed.
func (m *Module) SetStateDict(sd map[string]torch.Tensor) error {
	own := m.named(true, true)
	for _, n := range own {
		v, ok := sd[n.Name]
		if !ok {
			return fmt.Errorf("nn: state dict: no value for %s", n.Name)
		}
		if v.T == nil {
			return fmt.Errorf("nn: state dict: the value for %s is the zero Tensor", n.Name)
		}
		if have, want := v.Shape(), n.Tensor.Shape(); !slices.Equal(have, want) {
			return fmt.Errorf("nn: state dict: the value for %s is of shape %v, expected %v", n.Name, have, want)
		}
	}
	mine := byName(own)
	for name := range sd {
		if _, ok := mine[name]; !ok {
			return fmt.Errorf("nn: state dict: nothing here is named %s", name)
		}
	}
	return torch.Try(func() {
		torch.NoGrad(func() {
			for _, n := range own {
				n.Tensor.CopyI(sd[n.Name])
			}
		})
	})
}

func (m *Module) named(parameters, buffers bool) []NamedTensor {
	m.ready()
	var r []NamedTensor
	collect(m.outer, reflect.TypeOf(m.outer).Elem().Name(), func(n NamedTensor, buffer bool) {
		if buffer && buffers || !buffer && parameters {
			r = append(r, n)
		}
	})
	return r
}

// collect calls visit on every tensor of a module and of those below it.
func collect(m IModule, path string, visit func(n NamedTensor, buffer bool)) {
	eachField(m, func(f reflect.StructField, v reflect.Value) {
		name := path + "." + f.Name
		if t, ok := v.Interface().(torch.Tensor); ok {
			if t.T != nil {
				visit(NamedTensor{name, t}, f.Tag.Get("gotorch") == "buffer")
			}
		} else if n, ok := asModule(v); ok {
			collect(n, name, visit)
		}
	})
}

var (
	moduleType = reflect.TypeFor[IModule]()
	tensorType = reflect.TypeFor[torch.Tensor]()
)

// eachField calls visit on every field of a module that holds a tensor or a module, and on every element of a field that is
// a slice or an array of them, with the index added to the field's name. Such a field must be exported.
func eachField(m IModule, visit func(f reflect.StructField, v reflect.Value)) {
	s := reflect.ValueOf(m).Elem()
	for i := range s.NumField() {
		f, v := s.Type().Field(i), s.Field(i)
		elem, list := f.Type, false
		if k := elem.Kind(); k == reflect.Slice || k == reflect.Array {
			elem, list = elem.Elem(), true
		}
		if elem != tensorType && !elem.Implements(moduleType) {
			continue
		}
		if !f.IsExported() {
			misuse("module", "field %s.%s holds a tensor or a module and is not exported", s.Type(), f.Name)
		}
		if !list {
			visit(f, v)
			continue
		}
		for j := range v.Len() {
			e := f
			e.Name = fmt.Sprintf("%s[%d]", f.Name, j)
			visit(e, v.Index(j))
		}
	}
}

// asModule is the module in a field, unless the field is nil.
func asModule(v reflect.Value) (IModule, bool) {
	if k := v.Kind(); (k == reflect.Interface || k == reflect.Pointer) && v.IsNil() {
		return nil, false
	}
	m, ok := v.Interface().(IModule)
	if !ok || reflect.ValueOf(m).Kind() == reflect.Pointer && reflect.ValueOf(m).IsNil() {
		return nil, false
	}
	return m, true
}

func tensors(ns []NamedTensor) []torch.Tensor {
	r := make([]torch.Tensor, len(ns))
	for i, n := range ns {
		r[i] = n.Tensor
	}
	return r
}

func byName(ns []NamedTensor) map[string]torch.Tensor {
	r := make(map[string]torch.Tensor, len(ns))
	for _, n := range ns {
		r[n.Name] = n.Tensor
	}
	return r
}

// misuse panics as the operations of package gotorch do.
func misuse(op, format string, args ...any) {
	panic(&torch.Error{Op: "nn." + op, Msg: fmt.Sprintf(format, args...)})
}
