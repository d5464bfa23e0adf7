package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"keygan/evaluate/experiment"
)

// WriteTeX writes tables to \input into a paper: for each source the systems side by side, then measured beside published, then the
// verdicts and the claims. They need the packages booktabs and graphicx, and nothing beyond pdfLaTeX's own fonts.
func (r *Report) WriteTeX(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%% Results of keygan evaluate: %s. Needs \\usepackage{booktabs,graphicx}.\n", line(r.Config.Name))
	for i, g := range r.SideBySide() {
		texTable(&b, fmt.Sprintf("systems-%d", i+1), g, "")
	}
	for i, g := range r.PublishedTables() {
		texTable(&b, fmt.Sprintf("published-%d", i+1), without(g, 1), "") // the definitions are sentences
	}
	texTable(&b, "published-cells", r.PublishedCells(), "")
	texTable(&b, "verdicts", r.Verdicts(), "")
	texTable(&b, "claims", r.Claims(), `lp{0.4\linewidth}lp{0.4\linewidth}l`)
	_, err := w.Write(b.Bytes())
	return err
}

// without leaves out a column.
func without(g grid, column int) grid {
	g.Head = slices.Delete(slices.Clone(g.Head), column, column+1)
	g.Lines = slices.Clone(g.Lines)
	for i, line := range g.Lines {
		g.Lines[i] = slices.Delete(slices.Clone(line), column, column+1)
	}
	return g
}

// texTable writes one table, no wider than the text. Columns, if not "", are those of tabular.
func texTable(w io.Writer, label string, g grid, columns string) {
	marks := ""
	if slices.ContainsFunc(g.Lines, func(line []cell) bool { return slices.ContainsFunc(line, cell.failed) }) {
		marks = " An asterisk marks what fails its threshold."
	}
	if slices.ContainsFunc(g.Lines, func(line []cell) bool { return slices.ContainsFunc(line, cell.noted) }) {
		marks += " A dagger marks what a broken implementation would give: no secret is kept for a second image."
	}
	fmt.Fprintf(w, "\n\\begin{table}[htbp]\n\\centering\n\\setlength{\\belowcaptionskip}{6pt}\n\\caption{%s.%s}\n\\label{tab:keygan-%s}\n",
		texEscape(g.Caption), marks, label)
	fmt.Fprintf(w, "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%%\n\\begin{tabular}{%s}\n\\toprule\n",
		cmp.Or(columns, strings.Repeat("l", len(g.Head))))
	var head []string
	for _, h := range g.Head {
		head = append(head, texHead(h))
	}
	fmt.Fprintf(w, "%s \\\\\n\\midrule\n", strings.Join(head, " & "))
	for _, line := range g.Lines {
		var cells []string
		for _, c := range line {
			text := texEscape(cmp.Or(c.Text, string(c.Verdict)))
			switch {
			case c.Empty: // the reason is in the other tables
				reason, _, _ := strings.Cut(c.Text, ":")
				text = "\\textit{" + texEscape(reason) + "}"
			case c.failed():
				text += "$^{*}$"
			}
			if c.noted() {
				text += "$^{\\dagger}$"
			}
			cells = append(cells, text)
		}
		fmt.Fprintf(w, "%s \\\\\n", strings.Join(cells, " & "))
	}
	fmt.Fprint(w, "\\bottomrule\n\\end{tabular}}\n\\end{table}\n")
}

// failed says that a value needs a mark; a verdict by itself needs none.
func (c cell) failed() bool { return c.Verdict == experiment.Fail && !c.Empty && c.Text != "" }
func (c cell) noted() bool  { return c.Note != "" }

// texHead is the heading of a column: the generator below the scheme, the source below "measured".
func texHead(s string) string {
	first, second, found := strings.Cut(s, ", ")
	if !found {
		return texEscape(s)
	}
	return fmt.Sprintf("\\shortstack[l]{%s\\\\%s}", texEscape(first), texEscape(second))
}

// texCharacters are those that TeX reads as commands, and those beyond Latin-1 that the tables hold.
var texCharacters = strings.NewReplacer(
	`\`, `\textbackslash{}`, "{", `\{`, "}", `\}`, "$", `\$`, "&", `\&`, "#", `\#`, "%", `\%`, "_", `\_`, "~", `$\sim$`, "^", `\textasciicircum{}`,
	"<", `\textless{}`, ">", `\textgreater{}`, "|", `\textbar{}`, `"`, "''",
	"χ", `$\chi$`, "²", `$^2$`, "×", `$\times$`, "±", `$\pm$`, "∞", `$\infty$`, "≥", `$\ge$`, "≤", `$\le$`,
	"≈", `$\approx$`, "−", `$-$`, "–", "--", "—", "---",
	"…", `\ldots{}`, "“", "``", "”", "''", "’", "'", "→", `$\to$`, "σ", `$\sigma$`,
)

// texEscape makes a text safe for TeX. A minus before a digit becomes one; what pdfLaTeX has no letter for becomes a question mark.
func texEscape(s string) string {
	s = texCharacters.Replace(line(s))
	if len(s) > 1 && s[0] == '-' && s[1] >= '0' && s[1] <= '9' {
		s = "$-$" + s[1:]
	}
	return strings.Map(func(c rune) rune {
		if c > 0xff {
			return '?'
		}
		return c
	}, s)
}
