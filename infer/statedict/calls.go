package statedict

import (
	"bytes"
	"errors"
	"fmt"
)

// errArguments stands for arguments that PyTorch does not pass.
var errArguments = errors.New("other arguments than PyTorch does")

// functions are all that a pickle may call, by their names in Python. It may also name the classes of storages.
var functions = map[global]func(args []any) (any, error){
	"collections.OrderedDict": func(args []any) (any, error) {
		if len(args) > 0 {
			return nil, errArguments
		}
		return &dict{}, nil
	},
	"torch.Size": func(args []any) (any, error) {
		if len(args) > 1 {
			return nil, errArguments
		}
		return argument[*tuple](args)
	},
	"torch._utils._rebuild_tensor":    rebuildTensor,
	"torch._utils._rebuild_tensor_v2": rebuildTensor,
	"torch._utils._rebuild_parameter": argument[*tensor], // tensor, requires_grad, hooks
}

func argument[T any](args []any) (any, error) {
	if len(args) > 0 {
		if v, ok := args[0].(T); ok {
			return v, nil
		}
	}
	return nil, errArguments
}

// rebuildTensor takes storage, offset, shape, strides, requires_grad, hooks and metadata.
func rebuildTensor(args []any) (any, error) {
	if len(args) < 4 {
		return nil, errArguments
	}
	if len(args) > 6 {
		// "neg" or "conj": the numbers are not those of the storage
		if metadata, ok := args[6].(*dict); !ok || len(metadata.items) > 0 {
			return nil, &RefusedError{"its pickle has a tensor that is a view with its sign or conjugation to come"}
		}
	}
	s, ok := args[0].(*storage)
	offset, ok2 := args[1].(int64)
	shape, ok3 := integers(args[2])
	strides, ok4 := integers(args[3])
	if !ok || !ok2 || !ok3 || !ok4 {
		return nil, errArguments
	}
	return newTensor(s, offset, shape, strides)
}

func (m *machine) global() {
	lines := bytes.SplitN(m.rest, []byte("\n"), 3)
	if len(lines) < 3 {
		m.fail(errCut)
	}
	m.rest = lines[2]
	m.pushGlobal(string(lines[0]), string(lines[1]))
}

func (m *machine) stackGlobal() {
	names := m.pop(2)
	module, ok := names[0].(string)
	name, ok2 := names[1].(string)
	if !ok || !ok2 {
		m.fail(errors.New("its pickle asks for something that has no name"))
	}
	m.pushGlobal(module, name)
}

func (m *machine) pushGlobal(module, name string) {
	g := global(module + "." + name)
	if functions[g] == nil && storageTypes[g] == nil {
		m.fail(&RefusedError{fmt.Sprintf("its pickle asks for %.100q", string(g))})
	}
	m.push(g)
}

func (m *machine) reduce() {
	both := m.pop(2)
	name, ok := both[0].(global)
	if !ok {
		m.fail(fmt.Errorf("its pickle calls %s", kind(both[0])))
	}
	args, ok := both[1].(*tuple)
	if !ok {
		m.fail(fmt.Errorf("its pickle calls %s with %s for arguments", name, kind(both[1])))
	}
	function := functions[name]
	if function == nil {
		m.fail(fmt.Errorf("its pickle calls %s, which is a class of storages", name))
	}
	v, err := function(args.items)
	if err == errArguments {
		err = fmt.Errorf("its pickle calls %s with %w", name, err)
	}
	if err != nil {
		m.fail(err)
	}
	m.push(v)
}

// build sets attributes. A state dict has one, _metadata, the versions of its modules; it says nothing about the weights.
func (m *machine) build() {
	m.pop(1)
	if _, ok := m.top().(*dict); !ok {
		m.fail(&RefusedError{"its pickle sets attributes of " + kind(m.top())})
	}
}

// storageID is the persistent id of a storage: ("storage", class, key, device, length).
type storageID struct {
	dtype  *dtype
	key    string
	length int64
}

// persist pushes the storage that a persistent id stands for. The older format adds a view to the id, None in every file of the last years.
func (m *machine) persist() {
	v := m.pop(1)[0]
	t, ok := v.(*tuple)
	if !ok {
		m.fail(fmt.Errorf("its pickle has %s for a persistent id", kind(v)))
	}
	id := t.items
	if len(id) > 0 && id[0] == "module" {
		m.fail(&RefusedError{"its pickle holds a whole network, with its code"})
	}
	if len(id) < 5 || id[0] != "storage" {
		m.fail(errNotStorage)
	}
	class, ok := id[1].(global)
	key, ok2 := id[2].(string)
	length, ok3 := id[4].(int64)
	dtype := storageTypes[class]
	switch {
	case !ok || !ok2 || !ok3 || dtype == nil:
		m.fail(errNotStorage)
	case len(id) > 5 && id[5] != nil:
		m.fail(fmt.Errorf("storage %.40q is a part of another, which keygan does not read", key))
	case m.storage == nil:
		m.fail(errors.New("its pickle has a storage where none belongs"))
	}
	s, err := m.storage(storageID{dtype, key, length})
	if err != nil {
		m.fail(err)
	}
	m.push(s)
}

var errNotStorage = errors.New("its pickle has a persistent id that is not a storage's")
