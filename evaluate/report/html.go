package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image/jpeg"
	"image/png"
	"io"
	"path"
	"strings"

	"keygan/evaluate/attack"
)

//go:embed report.gohtml
var reportSource string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{"base": path.Base}).Parse(reportSource))

//go:embed report.css
var reportStyle string

// WriteHTML writes the report as one file that shows its pictures without any other file or script. It is for somebody who has not
// seen the program: pictures and verdicts come first, then what they mean and how to read them.
func (r *Report) WriteHTML(w io.Writer) error {
	p := &page{Report: r, Style: template.CSS(reportStyle), room: mostPictures, inlined: map[string]inlined{}, shown: map[string]bool{}}
	p.embedAll()
	var b bytes.Buffer
	if err := reportTemplate.Execute(&b, p); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// mostPictures bounds the pictures in a report, in bytes before base64. The report links to those for which there is no room.
const mostPictures = 6_300_000

// page is what the template sees: the report, and its tables in the form in which they are shown.
type page struct {
	*Report
	Style   template.CSS
	room    int
	inlined map[string]inlined
	shown   map[string]bool // by content
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

// Embedded is a picture with its content.
func (p *page) Embedded(one Picture) pictured { return pictured{one, p.inlined[one.File]} }

// In lists the pictures of a section.
func (p *page) In(section string) []pictured {
	var out []pictured
	for _, one := range p.Pictures {
		if one.Section == section {
			out = append(out, p.show(one))
		}
	}
	return out
}

// show gives a picture with its content where it is shown first; where it, or one that is equal, is shown again, the report links to it.
func (p *page) show(one Picture) pictured {
	content := string(p.pictures[one.File])
	if p.shown[content] {
		return pictured{Picture: one}
	}
	p.shown[content] = content != ""
	return p.Embedded(one)
}

// embedAll embeds the pictures, those first that a report must not lack when there is no room for all.
func (p *page) embedAll() {
	for _, e := range p.Extremes() {
		for _, one := range e.Pictures {
			p.embed(one.File)
		}
	}
	for _, section := range []string{SectionCurves, SectionKeys, SectionStrips, SectionPlots, SectionAttacks, SectionKeyBit, SectionHistograms, SectionScatter} {
		for _, one := range p.Pictures {
			if one.Section == section && !p.ofNothing(one.File) {
				p.embed(one.File)
			}
		}
	}
}

// ofNothing says whether a picture is of an attack that found nothing: it shows noise, and the report links to it.
func (p *page) ofNothing(file string) bool {
	for _, a := range p.Attacks {
		for _, one := range a.Pictures {
			if figureFolder+"/"+one.Name+".png" == file {
				return !a.Harms() && a.Kind != attack.Measures
			}
		}
	}
	return false
}

// embed makes a data URI of a picture. Noise, which PNG does not make smaller, becomes JPEG; the files beside the report are exact.
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
	uri := "data:image/" + kind + ";base64," + base64.StdEncoding.EncodeToString(content)
	p.inlined[file] = inlined{template.URL(uri), config.Width, config.Height}
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

// An attackGroup is one attack on all systems.
type attackGroup struct {
	attack.Result // without a system: what holds for all of them
	Results       []attack.Result
	Shown         []pictured
}

// AttackGroups are the attacks in their order.
func (p *page) AttackGroups() []attackGroup {
	var out []attackGroup
	for _, a := range p.Attacks {
		if len(out) == 0 || out[len(out)-1].Number != a.Number {
			out = append(out, attackGroup{Result: a})
		}
		g := &out[len(out)-1]
		g.Expected, g.Criterion = cmp.Or(g.Expected, a.Expected), cmp.Or(g.Criterion, a.Criterion)
		g.Results = append(g.Results, a)
		of := a.System.String()
		if a.Use == attack.KeptKey {
			of += ", kept key"
		}
		for _, one := range a.Pictures {
			g.Shown = append(g.Shown, p.show(Picture{File: figureFolder + "/" + one.Name + ".png", Caption: of + ": " + one.Caption}))
		}
	}
	return out
}

// Numbers are what an attack measured, for people.
func (p *page) Numbers(a attack.Result) string {
	var out []string
	for _, v := range a.Measured {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %.5g %s", v.Name, v.Value, v.Unit)))
	}
	return strings.Join(out, "; ")
}
