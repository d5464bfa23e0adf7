package statedict

import (
	"os"
	"strings"
	"testing"
)

// Whatever the bytes, there is an answer: a generator, or an error of one line.
func FuzzRead(f *testing.F) {
	for _, c := range models {
		b, err := os.ReadFile(modelPath(c.file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	state := stateOf(tensorOf(record0(16), 0, tupleOf(4, 4), tupleOf(4, 1)))
	f.Add(archiveOf(f, state))
	f.Add(legacyOf(state, pickle2("]", text("0"), "a")+"\x10\x00\x00\x00\x00\x00\x00\x00"+strings.Repeat("abcd", 16)))
	f.Add([]byte(pickle2("cos\nsystem\n", text("id"), "\x85R")))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Read(b, "")
		if err == nil {
			for _, name := range d.names {
				d.Floats(name)
			}
			d, err = Read(b, "")
		}
		if err == nil {
			_, _, err = Generator(d, Options{ImageSize: 16})
		}
		if err != nil && (strings.ContainsAny(err.Error(), "\n\x00") || len(err.Error()) > 2000) {
			t.Errorf("the error is %q", err)
		}
	})
}

// Only the instructions of a pickle, without the archive around them, which most changes would break.
func FuzzUnpickle(f *testing.F) {
	for _, s := range []string{
		stateOf(tensorOf(record0(16), 0, tupleOf(4, 4), tupleOf(4, 1))), pickle2("cos\nsystem\n", text("id"), "\x85R"),
		"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00(K\x01\x94M\x02\x00J\x03\x00\x00\x00l.", pickle2("(", text("a"), "Nd}(NNu0]q\x01(NNe2\x85\x86"),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := legacy{asked: map[string]*storage{}, bytes: 1 << 20}
		_, rest, err := unpickle(b, s.storage)
		if err == nil && len(rest) >= len(b) {
			t.Errorf("%d bytes are left of %d", len(rest), len(b))
		}
	})
}
