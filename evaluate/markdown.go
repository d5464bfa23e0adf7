package evaluate

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"

	"keygan/cipher"
)

// WriteMarkdown writes the tables for people: a summary with a line for each source and scheme, what it shows, the
// pictures, then every metric and its definition.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Results: %s\n\n", escape(r.Config.Name))
	r.writeSettings(&b)
	r.writeSummary(&b)
	r.writeFindings(&b)
	r.writePictures(&b)
	r.writeDetails(&b)
	r.writeDefinitions(&b)
	_, err := w.Write(b.Bytes())
	return err
}

// escape keeps a text from a file or a configuration from ending a table cell or starting markup.
func escape(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;", "*", `\*`, "_", `\_`, "`", "'", "[", `\[`).Replace(s)
}

func (r *Report) writeSettings(w io.Writer) {
	c, g := r.Config, r.Generator
	fmt.Fprintf(w, "Images of %d×%d pixels, %s, 8 bits. Cat map: %d iterations. Seed %d.\n",
		c.Size, c.Size, map[int]string{1: "grey", 3: "RGB"}[g.Channels], c.Iterations, c.Seed)
	fmt.Fprintf(w, "Keys by a `%s` generator of %d parameters, trained at %d×%d, SHA-256 `%.16s…`.\n\n", g.Network, g.Parameters, g.ImageSize, g.ImageSize, g.Hash)
	if g.TakesNoise {
		fmt.Fprint(w, "The generator takes noise. Here it is drawn from the seed, the source and the image: each image has noise of its own, ",
			"and its one-bit changes have the same, so that only what the generator makes of the bit can tell two keys apart. In use it is drawn afresh for each key.\n\n")
	}
	for _, s := range r.Sources {
		fmt.Fprintf(w, "- **%s**: %d of %d images, %d one-bit changes (%s)", escape(s.Name), len(s.Images), s.Available, s.Changes, escape(s.From))
		if n := len(s.Unreadable); n > 0 {
			fmt.Fprintf(w, "; %d could not be read: %s", n, escape(some(s.Unreadable)))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	for _, name := range c.Schemes {
		if scheme, err := cipher.SchemeByName(name); err == nil && scheme.Warning() != "" {
			fmt.Fprintf(w, "Note: %s.\n", scheme.Warning())
		}
	}
	fmt.Fprintln(w)
}

// WriteSummary writes the short table in Markdown: a line for each source and scheme, measured beside published.
func (r *Report) WriteSummary(w io.Writer) error {
	table := [][]string{{"source", "scheme", "entropy", "χ²", "r of neighbours, H / V / D", "NPCR one bit", "UACI one bit", "NPCR plain–cipher",
		"published NPCR", "SSIM plain–cipher", "SSIM plain–decrypted", "published SSIM", "exact", "key bytes"}}
	table = append(table, r.randomLine())
	for _, s := range r.Sources {
		for _, scheme := range r.Config.Schemes {
			row := func(id string) *Row { return r.Row(s.Name, scheme, id) }
			table = append(table, []string{
				escape(s.Name), scheme, row(idEntropy).short(), row(idChiSquare).short(), r.correlations(s.Name, scheme),
				row(idNPCR).short(), row(idUACI).short(), row(idNPCRPlainCipher).short(), dash(row(idNPCRPlainCipher).Published),
				row(idSSIM).short(), row(idSSIMDecrypted).short(), dash(row(idSSIMDecrypted).Published),
				yes(row(idExact)), row(idKeyBytes).short(),
			})
		}
	}
	return markdownTable(w, table)
}

// writeSummary writes the section with the short table and how to read it.
func (r *Report) writeSummary(w io.Writer) {
	fmt.Fprint(w, "## Summary\n\n")
	r.WriteSummary(w)
	fmt.Fprintf(w, "Means; pass or fail against what random data gives, at a significance level of %g (every value with its spread, count and threshold below). ", r.Alpha)
	fmt.Fprint(w, "“One bit” is the field's definition of NPCR and UACI, “plain–cipher” that of many papers, which says nothing about one-bit changes. ",
		"“Exact”: decrypted bit for bit. A published figure, — where there is none, stands beside the measured value that it most likely is meant to be; its publication does not say how it was taken.\n\n")
}

// randomLine is the first line of the summary: what a uniform random cipher image gives.
func (r *Report) randomLine() []string {
	line := []string{"*random data*", ""}
	at := func(id string) string {
		for i := range r.Rows {
			if row := &r.Rows[i]; row.Metric == id && row.Expected != nil {
				return decimal(*row.Expected, row.brief)
			}
		}
		return ""
	}
	return append(line, at(idEntropy), at(idChiSquare), "0 / 0 / 0", at(idNPCR), at(idUACI), at(idNPCRPlainCipher), "", "≈ 0", "", "", "", "")
}

// correlations is the three directions in a cell.
func (r *Report) correlations(source, scheme string) string {
	var values []string
	verdict := None
	for _, d := range Directions {
		row := r.Row(source, scheme, idCorrelation[d])
		values = append(values, row.with(row.brief))
		if row.Verdict == Fail || verdict == None {
			verdict = row.Verdict
		}
	}
	return strings.TrimSpace(strings.Join(values, " / ") + " " + string(verdict))
}

// short is value and verdict.
func (row *Row) short() string {
	return strings.TrimSpace(row.with(row.brief) + " " + string(row.Verdict))
}

func dash(s string) string { return cmp.Or(s, "—") }

func yes(row *Row) string {
	switch {
	case row.Measured == nil:
		return row.Note
	case row.Verdict == Pass:
		return "yes"
	}
	return fmt.Sprintf("no: %d of %d wrong", row.Missed, row.N)
}

func (r *Report) writeFindings(w io.Writer) {
	fmt.Fprint(w, "## What this shows\n\n")
	for _, f := range r.Findings {
		fmt.Fprintf(w, "- %s\n", f)
	}
	fmt.Fprintln(w)
}

func (r *Report) writePictures(w io.Writer) {
	fmt.Fprint(w, "## Pictures\n\nThe first image of each source: plain, its key, and for each scheme scrambled, encrypted and decrypted again.\n\n")
	for _, s := range r.Sources {
		fmt.Fprintf(w, "![%s](%s-strip.png)\n\n", escape(s.Name), fileName(s.Name))
		for _, scheme := range r.Config.Schemes {
			fmt.Fprintf(w, "![histograms of %s under %s](histogram-%s-%s.png)\n\n", escape(s.Name), scheme, fileName(s.Name), scheme)
		}
	}
}

// writeDetails writes a table for each source: every row.
func (r *Report) writeDetails(w io.Writer) {
	fmt.Fprint(w, "## Every value\n\nMean ± standard deviation of n values. A series passes when its mean lies within the threshold and no more single values lie outside than chance explains.\n\n")
	for _, s := range r.Sources {
		fmt.Fprintf(w, "### %s\n\n", escape(s.Name))
		table := [][]string{{"of", "metric", "measured", "n", "expected", "threshold", "verdict", "published"}}
		for i := range r.Rows {
			row := &r.Rows[i]
			if row.Source != s.Name {
				continue
			}
			name := row.Name
			if row.Unit != "" {
				name += ", " + row.Unit
			}
			measured := row.spread()
			if row.Note != "" && measured != row.Note {
				measured += " (" + row.Note + ")"
			}
			table = append(table, []string{row.Scheme, name, escape(measured), fmt.Sprint(row.N), row.expected(), row.threshold(), row.judged(), dash(row.Published)})
		}
		markdownTable(w, table)
	}
}

func (r *Report) writeDefinitions(w io.Writer) {
	fmt.Fprint(w, "## Definitions\n\n")
	seen := map[string]bool{}
	for _, row := range r.Rows {
		if !seen[row.Metric] {
			seen[row.Metric] = true
			fmt.Fprintf(w, "- **%s** (`%s`): %s\n", row.Name, row.Metric, row.Definition)
		}
	}
	fmt.Fprint(w, "\nThresholds come from the distributions for random data of this size: NPCR one-sided, UACI and correlation two-sided, χ² on either side by itself, ",
		"entropy by its relation to χ². The expected MSE of a uniform cipher is 5461.25 + E[(P − 127.5)²] over the plain image P.\n\n")
	fmt.Fprint(w, "Published figures:\n\n")
	for _, p := range r.Published {
		fmt.Fprintf(w, "- %s (scheme `%s`): %s %s\n", p.System, p.Scheme, strings.ToUpper(strings.SplitN(p.Metric, "_", 2)[0]), p.Value)
	}
}
