// Package nn builds networks of modules. A module is a struct that embeds [Module]; exported fields hold tensors and modules.
//
// A tensor field is a parameter unless its tag is gotorch:"buffer". Lists of tensors follow the order of the fields. A
// tensor's name is the path of fields that leads to it: "Block.Conv.Weight", "SequentialModule.Modules[0].Weight".
//
// A torch.Scope frees the modules made inside it, except those kept with [Module.Keep].
package nn

import (
	"reflect"

	torch "keygan/gotorch"
)

// IModule has the methods of every module. Embedding [Module] provides them.
type IModule interface {
	Train(on bool)
	IsTraining() bool
	To(device torch.Device, dtype ...int8)
	StateDict() map[string]torch.Tensor
	SetStateDict(sd map[string]torch.Tensor) error
	Apply(f func(IModule))
	Name() string
}

// Module is embedded in every module.
type Module struct {
	outer      IModule
	isTraining bool
	name       string
}

// Init prepares the module outer, which embeds m. Every module's constructor calls it. A new module is in training.
func (m *Module) Init(outer IModule) {
	if m.outer != nil {
		return
	}
	v := reflect.ValueOf(outer)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		misuse("init", "expected a pointer to a struct that embeds nn.Module, got %T", outer)
	}
	f := v.Elem().FieldByName("Module")
	if !f.IsValid() || !f.CanAddr() || f.Addr().Interface() != any(m) {
		misuse("init", "%T does not embed this nn.Module by value", outer)
	}
	m.outer, m.isTraining, m.name = outer, true, v.Elem().Type().String()
}

// Outer is the module that embeds m.
func (m *Module) Outer() IModule { return m.outer }

// Name is the module's Go type, such as "nn.Conv2dModule".
func (m *Module) Name() string { return m.name }

// IsTraining reports whether the module is in training.
func (m *Module) IsTraining() bool { return m.isTraining }

// Train switches the module and all modules below it between training and use, which matters to batch norm.
func (m *Module) Train(on bool) {
	m.Apply(func(n IModule) {
		if n, ok := n.(*Module); ok {
			n.isTraining = on
		}
	})
}

// Apply calls f on the module and on all modules below it, the outer ones first. f gets the embedded *Module.
func (m *Module) Apply(f func(IModule)) {
	m.ready()
	f(m)
	eachField(m.outer, func(field reflect.StructField, v reflect.Value) {
		if n, ok := asModule(v); ok {
			n.Apply(f)
		}
	})
}

// To moves all tensors to a device and changes their type if one is given. An optimizer that has them still updates them.
func (m *Module) To(device torch.Device, dtype ...int8) {
	torch.NoGrad(func() {
		for _, n := range m.named(true, true) {
			torch.Scope(func() { n.tensor.SetData(n.tensor.To(device, dtype...)) })
		}
	})
}

// Keep makes all tensors outlive the running torch.Scope.
func (m *Module) Keep() {
	for _, n := range m.named(true, true) {
		n.tensor.Keep()
	}
}

func (m *Module) ready() {
	if m.outer == nil {
		misuse("module", "used before Init")
	}
}
