package train

import (
	"bytes"
	"strings"
	"testing"
)

// A terminal sees a bar while images are decoded, once; a log that is none is not filled with lines of what takes no time.
func TestDecodingProgress(t *testing.T) {
	c := folderConfig(t, manyPictures(t, 4), manyPictures(t, 5))
	var terminal, again, file bytes.Buffer
	mustDataset(t, c, Options{Log: &terminal, Terminal: true})
	if !strings.Contains(terminal.String(), "source: decoding images") || !strings.Contains(terminal.String(), "(4/4)") || !strings.Contains(terminal.String(), "\nsource: 6 images\n") {
		t.Errorf("a terminal sees:\n%q", &terminal)
	}
	mustDataset(t, c, Options{Log: &again, Terminal: true})
	mustDataset(t, c, Options{Log: &file})
	for _, log := range []*bytes.Buffer{&again, &file} {
		if want := "source: 6 images\ntarget: 7 images\n"; log.String() != want {
			t.Errorf("%q, want %q", log, want)
		}
	}
}
