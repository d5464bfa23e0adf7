package nn

import (
	"fmt"
	"reflect"
	"slices"

	torch "keygan/gotorch"
)

// Parameters returns the tensors to train, in the order of the fields.
func (m *Module) Parameters() []torch.Tensor { return tensors(m.named(true, false)) }

// Buffers returns the tensors that are not trained, in the order of the fields.
func (m *Module) Buffers() []torch.Tensor { return tensors(m.named(false, true)) }

// NamedParameters returns the tensors to train, by name.
func (m *Module) NamedParameters() map[string]torch.Tensor { return byName(m.named(true, false)) }

// NamedBuffers returns the tensors that are not trained, by name.
func (m *Module) NamedBuffers() map[string]torch.Tensor { return byName(m.named(false, true)) }

// StateDict returns all parameters and buffers, by name.
func (m *Module) StateDict() map[string]torch.Tensor { return byName(m.named(true, true)) }

// SetStateDict copies values into all parameters and buffers. Unless sd has exactly their names and shapes, it changes nothing but fails.
func (m *Module) SetStateDict(sd map[string]torch.Tensor) error {
	own := m.named(true, true)
	for _, n := range own {
		v, ok := sd[n.name]
		if !ok {
			return fmt.Errorf("nn: state dict: no value for %s", n.name)
		}
		if v.T == nil {
			return fmt.Errorf("nn: state dict: the value for %s is the zero Tensor", n.name)
		}
		if have, want := v.Shape(), n.tensor.Shape(); !slices.Equal(have, want) {
			return fmt.Errorf("nn: state dict: the value for %s has shape %v, expected %v", n.name, have, want)
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
				n.tensor.CopyI(sd[n.name])
			}
		})
	})
}

// namedTensor is a parameter or a buffer with the path of fields that leads to it.
type namedTensor struct {
	name   string
	tensor torch.Tensor
}

func (m *Module) named(parameters, buffers bool) []namedTensor {
	m.ready()
	var all []namedTensor
	var collect func(m IModule, path string)
	collect = func(m IModule, path string) {
		eachField(m, func(f reflect.StructField, v reflect.Value) {
			name := path + "." + f.Name
			if t, ok := v.Interface().(torch.Tensor); ok {
				if buffer := f.Tag.Get("gotorch") == "buffer"; t.T != nil && (buffer && buffers || !buffer && parameters) {
					all = append(all, namedTensor{name, t})
				}
			} else if n, ok := asModule(v); ok {
				collect(n, name)
			}
		})
	}
	collect(m.outer, reflect.TypeOf(m.outer).Elem().Name())
	return all
}

var (
	moduleType = reflect.TypeFor[IModule]()
	tensorType = reflect.TypeFor[torch.Tensor]()
)

// eachField calls visit on every field that holds a tensor or a module. For a field that is a slice or an array of them it
// calls visit on every element, with the index added to the field's name. Such fields must be exported.
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

// asModule returns the module in a field. ok is false if the field is nil.
func asModule(v reflect.Value) (m IModule, ok bool) {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, false
	}
	m, ok = v.Interface().(IModule)
	return m, ok
}

func tensors(ns []namedTensor) []torch.Tensor {
	r := make([]torch.Tensor, len(ns))
	for i, n := range ns {
		r[i] = n.tensor
	}
	return r
}

func byName(ns []namedTensor) map[string]torch.Tensor {
	r := make(map[string]torch.Tensor, len(ns))
	for _, n := range ns {
		r[n.name] = n.tensor
	}
	return r
}

// misuse panics as the operations of package gotorch do.
func misuse(op, format string, args ...any) {
	panic(&torch.Error{Op: "nn." + op, Msg: fmt.Sprintf(format, args...)})
}
