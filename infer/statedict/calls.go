package statedict

import (
	"bytes"
	"errors"
	"fmt"
)

// The functions that a pickle may name, besides the classes of storages.
const (
	orderedDict      global = "collections.OrderedDict"
	torchSize        global = "torch.Size"
	rebuildTensor    global = "torch._utils._rebuild_tensor"
	rebuildTensorV2  global = "torch._utils._rebuild_tensor_v2"
	rebuildParameter global = "torch._utils._rebuild_parameter"
)

// global pushes the name of a function or class, one of those that a state dict is made of.
func (m *machine) global(op byte) error {
	var module, name any
	if op == opGlobal {
		lines := bytes.SplitN(m.rest, []byte("\n"), 3)
		if len(lines) < 3 {
			return errCut
		}
		module, name, m.rest = string(lines[0]), string(lines[1]), lines[2]
	} else {
		names, err := m.popN(2)
		if err != nil {
			return err
		}
		module, name = names[0], names[1]
	}
	moduleText, ok := module.(string)
	nameText, ok2 := name.(string)
	if !ok || !ok2 {
		return errors.New("its pickle asks for something that has no name")
	}
	g := global(moduleText + "." + nameText)
	switch g {
	case orderedDict, torchSize, rebuildTensor, rebuildTensorV2, rebuildParameter:
	default:
		if storageTypes[g] == nil {
			return &RefusedError{fmt.Sprintf("its pickle asks for %.100q", string(g))}
		}
	}
	m.push(g)
	return nil
}

// reduce does what one of the known functions would do with a tuple of arguments.
func (m *machine) reduce() error {
	both, err := m.popN(2)
	if err != nil {
		return err
	}
	function, ok := both[0].(global)
	if !ok {
		return fmt.Errorf("its pickle calls %s", kind(both[0]))
	}
	args, ok := both[1].(*tuple)
	if !ok {
		return fmt.Errorf("its pickle calls %s with %s for arguments", function, kind(both[1]))
	}
	v, err := call(function, args.items)
	if err != nil {
		return err
	}
	m.push(v)
	return nil
}

func call(function global, args []any) (any, error) {
	switch function {
	case orderedDict:
		if len(args) == 0 {
			return &dict{}, nil
		}
	case torchSize:
		if len(args) == 1 {
			if t, ok := args[0].(*tuple); ok {
				return t, nil
			}
		}
	case rebuildTensor, rebuildTensorV2: // storage, offset, shape, strides, requires_grad, hooks, metadata
		if len(args) < 4 {
			break
		}
		if len(args) > 6 {
			// "neg" or "conj": the numbers are not those of the storage
			if metadata, ok := args[6].(*dict); !ok || len(metadata.items) > 0 {
				return nil, &RefusedError{"its pickle has a tensor that is a view with its sign or conjugation to come"}
			}
		}
		s, ok := args[0].(*storage)
		offset, ok2 := args[1].(int64)
		shape, ok3 := whole(args[2])
		strides, ok4 := whole(args[3])
		if ok && ok2 && ok3 && ok4 {
			return newTensor(s, offset, shape, strides)
		}
	case rebuildParameter: // tensor, requires_grad, hooks
		if len(args) > 0 {
			if t, ok := args[0].(*tensor); ok {
				return t, nil
			}
		}
	default:
		return nil, fmt.Errorf("its pickle calls %s, which is a class of storages", function)
	}
	return nil, fmt.Errorf("its pickle calls %s with other arguments than PyTorch does", function)
}

// build sets attributes. A state dict has one, _metadata, the versions of its modules; it says nothing about the weights.
func (m *machine) build() error {
	both, err := m.popN(2)
	if err != nil {
		return err
	}
	if _, ok := both[0].(*dict); !ok {
		return &RefusedError{"its pickle sets attributes of " + kind(both[0])}
	}
	m.push(both[0])
	return nil
}

// persist pushes what a persistent id stands for.
func (m *machine) persist() error {
	id, err := m.pop()
	if err != nil {
		return err
	}
	t, ok := id.(*tuple)
	if !ok {
		return fmt.Errorf("its pickle has %s for a persistent id", kind(id))
	}
	v, err := m.persistent(t.items)
	if err != nil {
		return err
	}
	m.push(v)
	return nil
}

// storageID is the persistent id of a storage: ("storage", class, key, device, length).
type storageID struct {
	dtype  *dtype
	key    string
	length int64
}

// parseStorageID checks a persistent id. The older format adds a view, None in every file of the last years.
func parseStorageID(id []any) (s storageID, err error) {
	if len(id) > 0 && id[0] == "module" {
		return s, &RefusedError{"its pickle holds a whole network, with its code"}
	}
	if len(id) < 5 || id[0] != "storage" {
		return s, errors.New("its pickle has a persistent id that is not a storage's")
	}
	class, ok := id[1].(global)
	key, ok2 := id[2].(string)
	length, ok3 := id[4].(int64)
	s = storageID{storageTypes[class], key, length}
	if !ok || !ok2 || !ok3 || s.dtype == nil {
		return s, errors.New("its pickle has a persistent id that is not a storage's")
	}
	if len(id) > 5 && id[5] != nil {
		return s, fmt.Errorf("storage %.40q is a part of another, which is not known here", key)
	}
	return s, nil
}

// noPersistent refuses persistent ids where no storage can be.
func noPersistent(id []any) (any, error) {
	if _, err := parseStorageID(id); err != nil {
		return nil, err
	}
	return nil, errors.New("its pickle has a storage where none belongs")
}
