package nn

import (
	"reflect"

	torch "keygan/gotorch"
)

// SequentialModule passes the result of each module to the next.
type SequentialModule struct {
	Module
	Modules []IModule
}

// Sequential makes a SequentialModule. Each module needs a method Forward.
func Sequential(modules ...IModule) *SequentialModule {
	s := &SequentialModule{Modules: modules}
	s.Init(s)
	return s
}

// Forward passes inputs to the first module and returns the single result of the last one, usually a torch.Tensor.
func (s *SequentialModule) Forward(inputs ...any) any {
	if len(s.Modules) == 0 {
		misuse("sequential", "no modules to go forward through")
	}
	values := inputs
	for i, m := range s.Modules {
		values = forward(i, m, values)
	}
	if len(values) != 1 {
		misuse("sequential", "the last module returned %d values, expected one", len(values))
	}
	return values[0]
}

// forward calls a module's Forward, whatever its signature.
func forward(i int, m IModule, inputs []any) []any {
	if f, ok := m.(interface {
		Forward(torch.Tensor) torch.Tensor
	}); ok && len(inputs) == 1 {
		if x, ok := inputs[0].(torch.Tensor); ok {
			return []any{f.Forward(x)}
		}
	}
	method := reflect.ValueOf(m).MethodByName("Forward")
	if !method.IsValid() {
		misuse("sequential", "module %d, a %T, has no method Forward", i, m)
	}
	args := make([]reflect.Value, len(inputs))
	for k, x := range inputs {
		args[k] = reflect.ValueOf(x)
	}
	var r []any
	for _, v := range method.Call(args) {
		r = append(r, v.Interface())
	}
	return r
}

// FunctionalModule makes a module of a function.
type FunctionalModule struct {
	Module
	Function func(torch.Tensor) torch.Tensor
}

// Functional makes a module of a function.
func Functional(f func(torch.Tensor) torch.Tensor) *FunctionalModule {
	m := &FunctionalModule{Function: f}
	m.Init(m)
	return m
}

// Forward calls the function.
func (f *FunctionalModule) Forward(input torch.Tensor) torch.Tensor { return f.Function(input) }
