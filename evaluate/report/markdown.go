package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
)

// WriteMarkdown writes the tables for people: a summary of each source with a column for each system, what it shows, the
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
	c := r.Config
	fmt.Fprintf(w, "Images of %d×%d pixels, 8 bits. Cat map: %d iterations. Seed %d.\n\n", c.Size, c.Size, c.Iterations, c.Seed)
	noise := false
	for _, g := range r.Generators {
		if g.Missing != "" {
			fmt.Fprintf(w, "- generator **%s**: could not be read: %s\n", escape(g.Name), escape(g.Missing))
			continue
		}
		fmt.Fprintf(w, "- generator **%s**: `%s`, %d parameters, trained at %d×%d, %s, SHA-256 `%.16s…`\n", escape(g.Name), g.Network, g.Parameters, g.ImageSize, g.ImageSize,
			map[int]string{1: "grey", 3: "RGB"}[g.Channels], g.Hash)
		noise = noise || g.TakesNoise
	}
	if noise {
		fmt.Fprint(w, "\nThe generator takes noise. Here it is drawn from the seed, the source and the image: each image has noise of its own, ",
			"and its one-bit changes have the same, so that only what the generator makes of the bit can tell two keys apart. In use it is drawn afresh for each key.\n")
	}
	fmt.Fprintln(w)
	for _, s := range r.Sources {
		fmt.Fprintf(w, "- **%s**: %s\n", escape(s.Name), escape(s.Measured()))
	}
	fmt.Fprintln(w)
	warned := map[string]bool{"": true}
	for _, s := range r.Systems {
		if !warned[s.Research] {
			warned[s.Research] = true
			fmt.Fprintf(w, "Note: %s.\n", s.Research)
		}
	}
	fmt.Fprintln(w)
}

// writeSummary writes the section with the short table and how to read it.
func (r *Report) writeSummary(w io.Writer) {
	fmt.Fprint(w, "## Summary\n\n")
	r.WriteSummary(w)
	fmt.Fprintf(w, "Means; pass or fail against what random data gives, at a significance level of %g (every value with its spread, count and threshold below). ", r.Alpha)
	fmt.Fprint(w, "“One bit” is the field's definition of NPCR and UACI, “plain–cipher” that of many papers, which says nothing about one-bit changes. ",
		"A published figure, — where there is none, stands below the measured value that it most likely is meant to be; its publication does not say how it was taken.\n\n")
}

func dash(s string) string { return cmp.Or(s, "—") }

func (r *Report) writeFindings(w io.Writer) {
	fmt.Fprint(w, "## What this shows\n\n")
	for _, f := range r.Findings {
		fmt.Fprintf(w, "- %s\n", f)
	}
	fmt.Fprintln(w)
}

func (r *Report) writePictures(w io.Writer) {
	fmt.Fprint(w, "## Pictures\n\nOf the first image of each source.\n\n")
	for _, p := range r.Pictures {
		if p.Section != SectionStills {
			fmt.Fprintf(w, "![%s](%s)\n\n", escape(p.Caption), p.File)
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
			measured := spreadText(row)
			if row.Note != "" && measured != row.Note {
				measured += " (" + row.Note + ")"
			}
			table = append(table, []string{escape(row.System().String()), titleOf(row), escape(measured), fmt.Sprint(row.N), expectedText(row), thresholdText(row), judgedText(row), dash(row.Published)})
		}
		markdownTable(w, table)
	}
}

func (r *Report) writeDefinitions(w io.Writer) {
	fmt.Fprint(w, "## Definitions\n\n")
	for _, d := range r.definitions() {
		fmt.Fprintf(w, "- **%s** (`%s`): %s\n", d.Name, d.ID, d.Text)
	}
	fmt.Fprint(w, "\nThresholds come from the distributions for random data of this size: NPCR one-sided, UACI and correlation two-sided, χ² on either side by itself, ",
		"entropy by its relation to χ². The expected MSE of a uniform cipher is 5461.25 + E[(P − 127.5)²] over the plain image P.\n\n")
	fmt.Fprint(w, "Published figures:\n\n")
	for _, p := range r.Published {
		fmt.Fprintf(w, "- %s (scheme `%s`): %s %s\n", p.System, p.Scheme, p.kind(), p.Value)
	}
}
