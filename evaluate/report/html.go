package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"keygan/evaluate/experiment"
)

//go:embed report.gohtml
var reportTemplate string

//go:embed report.css
var reportStyle string

// WriteHTML writes the report as one file that needs no other: the pictures are in it, scripts there are none. It is for somebody who
// has not seen the program: what holds and what does not comes first, how to read it next.
func (r *Report) WriteHTML(w io.Writer) error {
	p := &page{Report: r, Style: template.CSS(reportStyle), room: mostPictures, inlined: map[string]inlined{}, shown: map[string]bool{}}
	p.embedAll()
	t, err := template.New("report").Funcs(template.FuncMap{"inline": inlineMarkup}).Parse(reportTemplate)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// mostPictures bounds the pictures in a report, in bytes before they are written as text, which takes a third more. Those that there
// is no room for are linked to.
const mostPictures = 6_300_000

// page is what the template sees: the report, and its tables in the form in which they are shown.
type page struct {
	*Report
	Style   template.CSS
	room    int
	inlined map[string]inlined
	shown   map[string]bool
}

// inlined is a picture as a data URI.
type inlined struct {
	URI           template.URL
	Width, Height int
}

// A pictured is a picture as it is shown: URI is "" where there was no room left, or no file.
type pictured struct {
	Picture
	inlined
}

// In lists the pictures of a section.
func (p *page) In(section string) []pictured {
	var out []pictured
	for _, one := range p.Pictures {
		if one.Section == section {
			out = append(out, pictured{one, p.inline(one.File)})
		}
	}
	return out
}

// inline is a picture where it is shown first; where it is shown again, it is linked to.
func (p *page) inline(file string) inlined {
	if p.shown[file] {
		return inlined{}
	}
	p.shown[file] = true
	return p.inlined[file]
}

// embedAll embeds the pictures, those first that a report must not lack when there is no room for all.
func (p *page) embedAll() {
	for _, section := range []string{SectionCurves, SectionKeys, SectionStrips, SectionAttacks, SectionHistograms, SectionScatter} {
		for _, one := range p.Pictures {
			if one.Section == section {
				p.embed(one.File)
			}
		}
	}
}

// embed makes a data URI of a picture. Pictures of noise, which PNG does not make smaller, become JPEG; the PNG files beside the
// report are exact.
func (p *page) embed(file string) {
	content := p.pictures[file]
	config, err := png.DecodeConfig(bytes.NewReader(content))
	if err != nil || p.inlined[file].URI != "" {
		return
	}
	kind := "png"
	if small := smaller(content); small != nil {
		kind, content = "jpeg", small
	}
	if len(content) > p.room {
		return
	}
	p.room -= len(content)
	p.inlined[file] = inlined{template.URL("data:image/" + kind + ";base64," + base64.StdEncoding.EncodeToString(content)), config.Width, config.Height}
}

// smaller is a large PNG file as JPEG, or nil where that does not save much.
func smaller(file []byte) []byte {
	const small, quality = 50_000, 70
	if len(file) < small {
		return nil
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return nil
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil || b.Len() > len(file)*6/10 {
		return nil
	}
	return b.Bytes()
}

// inlineMarkup turns the bits of Markdown in findings and evidence (bold, code, escapes) into HTML, and all else into text.
func inlineMarkup(s string) template.HTML {
	var b strings.Builder
	bold, code := false, false
	s = strings.ReplaceAll(s, "&lt;", "<")
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && strings.IndexByte(`|*_[`, s[i+1]) >= 0:
			i++
			b.WriteByte(s[i])
		case strings.HasPrefix(s[i:], "**"):
			b.WriteString(map[bool]string{false: "<strong>", true: "</strong>"}[bold])
			bold, i = !bold, i+1
		case s[i] == '`':
			b.WriteString(map[bool]string{false: "<code>", true: "</code>"}[code])
			code = !code
		default:
			b.WriteString(template.HTMLEscapeString(s[i : i+1]))
		}
	}
	if code {
		b.WriteString("</code>")
	}
	if bold {
		b.WriteString("</strong>")
	}
	return template.HTML(b.String())
}

// A grid is a table as it is shown: the first column of each line is its heading.
type grid struct {
	Caption string
	Head    []string
	Lines   [][]cell
}

// A cell is a text with what was judged of it.
type cell struct {
	Text    string
	Verdict experiment.Verdict
	Empty   bool   // not measured, or nothing to say
	Note    string // what must be read with the value
}

// Long says that a text takes a wide column.
func (c cell) Long() bool { return len(c.Text)+len(c.Note) > 60 }

func plain(texts ...string) []cell {
	var out []cell
	for _, t := range texts {
		out = append(out, cell{Text: t})
	}
	return out
}

// cellOf is a cell of the side-by-side tables.
func cellOf(row *experiment.Row) cell {
	switch {
	case row == nil:
		return cell{Text: "not measured", Empty: true}
	case row.Measured == nil && !row.Infinite:
		return cell{Text: row.Note, Empty: true}
	}
	c := cell{Text: withDigits(row, row.Brief), Verdict: row.Verdict}
	if strings.Contains(row.Note, experiment.NeverKept) {
		c.Note = "as a broken implementation: a secret is never kept"
	}
	return c
}

// titled is a metric's name and unit.
func titled(m experiment.Metric) string { return withUnit(m.Name, m.Unit) }

func titleOf(row *experiment.Row) string { return withUnit(row.Name, row.Unit) }

func withUnit(name, unit string) string {
	if unit == "" || strings.Contains(name, unit) {
		return name
	}
	return name + ", " + unit
}

// Settings are lines on what was measured.
func (p *page) Settings() []string {
	c := p.Config
	out := []string{fmt.Sprintf("Images of %d×%d pixels, 8 bits; %d iterations of the cat map; seed %d; significance level %g.", c.Size, c.Size, c.Iterations, c.Seed, p.Alpha)}
	for _, s := range p.Sources {
		out = append(out, fmt.Sprintf("Source %s: %s.", s.Name, s.Measured()))
	}
	for _, g := range p.Generators {
		if g.Missing != "" {
			out = append(out, fmt.Sprintf("Generator %s: could not be read: %s.", g.Name, g.Missing))
			continue
		}
		out = append(out, fmt.Sprintf("Generator %s: network %s, %d parameters, trained at %d×%d, %s.", g.Name, g.Network, g.Parameters, g.ImageSize, g.ImageSize,
			map[int]string{1: "grey", 3: "RGB"}[g.Channels]))
	}
	warned := map[string]bool{"": true}
	for _, s := range p.Systems {
		if !warned[s.Research] {
			warned[s.Research] = true
			out = append(out, strings.ToUpper(s.Research[:1])+s.Research[1:]+".")
		}
	}
	return out
}
