package cli

import (
	"os/exec"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestShown(t *testing.T) {
	for _, c := range []struct{ from, want string }{
		{"scan 1.png", "scan 1.png"},
		{"Müller–µ×字.png", "Müller–µ×字.png"},
		{`C:\scans\a.png`, `C:\scans\a.png`},
		{"a\nb", `a\nb`},
		{"\x1b]0;owned\a\x1b[2J.png", `\x1b]0;owned\a\x1b[2J.png`},
		{"\u009b2J", `\u009b2J`},
		{"gnp.\u202escan", `gnp.\u202escan`},
		{"a\u2066b\u200bc\u2028d\ufeff", `a\u2066b\u200bc\u2028d\ufeff`},
		{"\xff.png", `\xff.png`},
		{"", ""},
	} {
		if got := Shown(c.from); got != c.want {
			t.Errorf("Shown(%q) = %q, want %q", c.from, got, c.want)
		}
	}
}

// Whatever comes in, nothing that steers a terminal goes out, and different names stay different but for names that look like escapes.
func TestShownIsPrintable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		got := Shown(s)
		if strings.IndexFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
			t.Fatalf("Shown(%q) = %q", s, got)
		}
	})
}

// What is printed to go on with must mean the same to a shell.
func TestShellWord(t *testing.T) {
	for _, word := range []string{"train.batch=8", "", "name=two words", "name=it's", `a"b$c\d`, "source=[{synthetic: mri, count: 3}]", "~/x"} {
		got, err := exec.Command("sh", "-c", "printf %s "+ShellWord(word)).Output()
		if err != nil || string(got) != word {
			t.Errorf("%s is %q to a shell, want %q (%v)", ShellWord(word), got, word, err)
		}
	}
}
