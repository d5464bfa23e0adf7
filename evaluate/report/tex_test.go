package report

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// In an escaped text no character is left that TeX would take for a command, but those of the escapes themselves.
func TestTeXEscape(t *testing.T) {
	for text, want := range map[string]string{
		`50 % & more_`: `50 \% \& more\_`, `a\b{c}`: `a\textbackslash{}b\{c\}`, "-0.5": "$-$0.5", "χ² ≥ 3": `$\chi$$^2$ $\ge$ 3`, "line\nbreak": "line break", "图": "?", "é": "é", "#$~^": `\#\$$\sim$\textasciicircum{}`,
	} {
		if got := texEscape(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := texEscape(rapid.String().Draw(t, "text"))
		for i, c := range s {
			if strings.ContainsRune("%&#_", c) && (i == 0 || s[i-1] != '\\') || strings.ContainsRune("\n\r~", c) {
				t.Fatalf("%q at %d of %q", c, i, s)
			}
		}
		if strings.Count(strings.ReplaceAll(s, `\$`, ""), "$")%2 != 0 {
			t.Fatalf("an odd number of $ in %q", s)
		}
	})
}

// Every line of a table has the cells of its heading, also with hostile names; what was not measured says so.
func TestTeXTables(t *testing.T) {
	var b bytes.Buffer
	if err := fabricated(t).WriteTeX(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if begun, ended := strings.Count(text, `\begin{table}`), strings.Count(text, `\end{table}`); begun != ended || begun < 4 {
		t.Errorf("%d tables begin, %d end", begun, ended)
	}
	columns := 0
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasSuffix(line, ` \\`) {
			columns = 0
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\&`, ""), "&")
		if columns == 0 {
			columns = n // of the heading
		}
		if strings.HasPrefix(line, `\midrule`) {
			continue
		}
		if n != columns && columns != 0 {
			t.Errorf("%d columns, then %d: %s", columns, n, line)
		}
	}
	for _, want := range []string{`\textit{not measured}`, "1.5$^{*}$", `\toprule`, "TC5 & "} {
		if !strings.Contains(text, want) {
			t.Errorf("results.tex lacks %q", want)
		}
	}
	if strings.Contains(text, "NaN") || strings.Contains(text, "%!") {
		t.Error("results.tex holds NaN or a bad format")
	}
}
