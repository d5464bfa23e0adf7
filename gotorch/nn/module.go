// Package nn builds networks from modules, as torch.nn does: structs that embed [Module] by value and hold tensors and other
// modules in exported fields.
//
//	type Block struct {
//		nn.Module
//		Conv *nn.Conv2dModule
//		Norm *nn.InstanceNorm2dModule
//	}
//
//	func NewBlock(c int64) *Block {
//		b := &Block{Conv: nn.Conv2d(c, c, 3, 1, 1, 1, 1, false, "zeros"), Norm: nn.InstanceNorm2d(c, 1e-5, 0.1, false, false)}
//		b.Init(b)
//		return b
//	}
//
// A tensor field is a parameter unless its tag is gotorch:"buffer". Tensors are listed in the order of the fields, and named
// by the path of fields that leads to them: "Block.Conv.Weight", "SequentialModule.Modules[0].Weight".
//
// A module that is made within a torch.Scope is freed with it unless [Module.Keep] is called.
package nn

import (
	"reflect"

	torch "keygan/gotorch"
)

// IModule is what every module can do; embedding [Module] gives it.
type IModule interface {
	// Train switches the module, and all below it, between training and use; it matters to dropout and batch norm.
	Train(on bool)
	// IsTraining tells which of the two it is.
	IsTraining() bool
	// To moves all tensors to a device and, if one is given, changes their type.
	To(device torch.Device, dtype ...int8)
	// StateDict returns all parameters and buffers by name.
	StateDict() map[string]torch.Tensor
	// SetStateDict copies values into them.
	SetStateDict(sd map[string]torch.Tensor) error
	// Apply calls f on the module and on all below it. f gets the embedded *Module; its Outer is the module itself.
	Apply(f func(IModule))
	// Name is the module's Go type, such as "nn.Conv2dModule".
	Name() string
}

// Module is embedded in every module.
type Module struct {
	outer      IModule
	isTraining bool
	name       string
}

// Init must be called by a module's constructor with the module that embeds m. The module starts out in training.
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

// IsTraining tells whether the module is in training.
func (m *Module) IsTraining() bool { return m.isTraining }

// Train switches the module, and all below it, between training and use.
func (m *Module) Train(on bool) {
	m.Apply(func(n IModule) {
		if n, ok := n.(*Module); ok {
			n.isTraining = on
		}
	})
}

// Apply calls f on the module and on all below it, each before those that it holds.
func (m *Module) Apply(f func(IModule)) {
	m.ready()
	f(m)
	eachField(m.outer, func(field reflect.StructField, v reflect.Value) {
		if n, ok := asModule(v); ok {
			n.Apply(f)
		}
	})
}

// To moves all tensors to a device and, if one is given, changes their type. They stay the same tensors, so an optimizer
// that has them goes on updating them.
func (m *Module) To(device torch.Device, dtype ...int8) {
	for _, n := range m.named(true, true) {
		torch.NoGrad(func() {
			torch.Scope(func() {
				d := n.Tensor.Dtype()
				if len(dtype) > 0 {
					d = dtype[0]
				}
				n.Tensor.SetData(n.Tensor.To(device, d))
			})
		})
	}
}

// Keep makes all tensors outlive the torch.Scope that is running.
func (m *Module) Keep() {
	for _, n := range m.named(true, true) {
		n.Tensor.Keep()
	}
}

func (m *Module) ready() {
	if m.outer == nil {
		misuse("module", "used before Init")
	}
}
