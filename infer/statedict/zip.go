package statedict

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// archive is the format of PyTorch since 1.6: a zip archive, with everything in one folder of any name: data.pkl, the pickle;
// data/0, data/1, … the storages; version; and since 2.1 byteorder. Nothing in it is compressed.
type archive struct {
	file    []byte
	folder  string
	entries map[string]*zip.File
	records map[string]*record
}

func readZip(b []byte) (any, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("not a complete zip archive (%w)", err)
	}
	a := archive{file: b, entries: map[string]*zip.File{}, records: map[string]*record{}}
	found := false
	for _, f := range z.File {
		if a.entries[f.Name] != nil {
			return nil, fmt.Errorf("record %.100q: appears twice", f.Name)
		}
		a.entries[f.Name] = f
		folder, ok := strings.CutSuffix(f.Name, "data.pkl")
		if !ok || strings.Count(folder, "/") > 1 || (folder != "" && !strings.HasSuffix(folder, "/")) {
			continue
		}
		if found {
			return nil, errors.New("holds two pickles named data.pkl")
		}
		a.folder, found = folder, true
	}
	if !found {
		return nil, errors.New("a zip archive, but not of PyTorch: it has no data.pkl")
	}
	if a.entries[a.folder+"constants.pkl"] != nil {
		return nil, &RefusedError{"a TorchScript archive holds code"}
	}
	if a.entries[a.folder+"byteorder"] != nil {
		order, err := a.record("byteorder")
		if err != nil {
			return nil, err
		}
		if string(order.body) != "little" {
			return nil, fmt.Errorf("its byte order is %.20q, must be little", order.body)
		}
	}
	pickle, err := a.record("data.pkl")
	if err != nil {
		return nil, err
	}
	if !pickle.intact() {
		return nil, errors.New("record data.pkl is damaged: its checksum differs")
	}
	root, _, err := unpickle(pickle.body, a.storage)
	return root, err
}

// record is the part of the file that an entry is stored in.
func (a *archive) record(name string) (*record, error) {
	if r := a.records[name]; r != nil {
		return r, nil
	}
	f := a.entries[a.folder+name]
	if f == nil {
		return nil, fmt.Errorf("record %.100q: missing", name)
	}
	if f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64 {
		return nil, fmt.Errorf("record %.100q is compressed, which PyTorch never does", name)
	}
	at, err := f.DataOffset()
	if err != nil {
		return nil, fmt.Errorf("record %.100q: %w", name, err)
	}
	length := int64(len(a.file))
	if at < 0 || at > length || f.CompressedSize64 > uint64(length-at) {
		return nil, fmt.Errorf("record %.100q: cut short", name)
	}
	r := &record{body: a.file[at:][:f.CompressedSize64], sum: f.CRC32}
	a.records[name] = r
	return r, nil
}

func (a *archive) storage(s storageID) (*storage, error) {
	r, err := a.record("data/" + s.key)
	if err != nil {
		return nil, err
	}
	if have := int64(len(r.body)) / s.dtype.size; s.length < 0 || s.length > have {
		return nil, fmt.Errorf("storage %.40q: %d numbers of %s are declared, but only %d are there", s.key, s.length, s.dtype.name, have)
	}
	return &storage{s.dtype, s.length, r}, nil
}
