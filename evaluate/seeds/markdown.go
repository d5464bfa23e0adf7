package seeds

import (
	"fmt"
	"slices"
	"strings"

	"keygan/evaluate/experiment"
)

// markdown is the report for people.
func (r *Report) markdown() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("# %s\n\n", r.Name)
	if r.note != "" {
		p("**%s**\n\n", escaped(r.note))
	}
	p("%d systems, trained with up to %d seeds (%s), each measured on at most %d images of each source, of %d×%d pixels. Made by "+
		"`keygan-train reproduce` of keygan %s on %s.\n\n", len(r.Systems), len(r.Seeds), joinNumbers(r.Seeds), r.config.Images, r.config.Size, r.config.Size, r.Version, r.CPU)
	p("| system | experiment | objective | trained at | width | steps | seeds |\n|---|---|---|---|---|---|---|\n")
	for _, s := range r.Systems {
		p("| %s | `%s` | %s | %s | %s | %s | %s |\n", s.Title(), s.Train, dash(s.Objective), s.side(), count(s.Width), count(s.Steps), count(r.trained(s.Row)))
	}
	p("\n")
	if len(r.Failures) > 0 {
		p("**Some of it failed, and is missing below:**\n\n")
		for _, f := range r.Failures {
			p("- %s\n", escaped(f))
		}
		p("\n")
	}
	r.writeSources(p)
	r.writeHowToRead(p)
	r.writeClaims(p)
	r.writePublished(p)
	r.writeHeldOut(p)
	r.writeCourses(p)
	r.writeAttacks(p)
	for _, source := range sourceNames(r.config) {
		r.writeTable(p, source, "Keys", func(Cell) bool { return true }, func(c Cell) bool { return c.Scheme == experiment.RawKey })
		r.writeTable(p, source, "Cipher images", compared, func(c Cell) bool { return c.Scheme != experiment.RawKey })
	}
	return b.String()
}

// compared are the metrics that stand in the report's tables of schemes. reproduced.csv has all.
func compared(c Cell) bool {
	return slices.ContainsFunc(experiment.Metrics, func(m experiment.Metric) bool { return m.ID == c.Metric && (m.Compared || m.Summary) })
}

// trained is how many trainings a system has.
func (r *Report) trained(row string) (n int) {
	for _, t := range r.Trainings {
		if t.Row == row {
			n++
		}
	}
	return n
}

type printer func(format string, args ...any)

func (r *Report) writeHowToRead(p printer) {
	p("## How to read it\n\n")
	p("Over seeds, a value is the mean over the images of one training, and n is the number of trainings. Over images, a value is the mean " +
		"over the trainings of one image, channel or one-bit change.\n\n")
	p("- The key of a network that encrypts by itself, such as a chaos GAN, is its cipher image.\n")
	p("- ± is the sample standard deviation.\n")
	p("- IQM is the interquartile mean: of the values without the lowest and the highest quarter, rounded down. Of three values it is the mean.\n")
	p("- The interval after IQM is a percentile bootstrap, 95 %%. Of three values it is their range. For three values it holds " +
		"the true mean in 75 %% of cases only, whatever it is called.\n")
	p("- Claims are therefore judged by Student's t, whose interval is wide for a few trainings and holds the mean in 95 %% of cases if the " +
		"values are normal. A claim is not decidable if the trainings are too few or too far apart.\n\n")
}

func (r *Report) writeClaims(p printer) {
	if len(r.Claims) == 0 {
		return
	}
	p("## Claims that take several trainings\n\n| claim | system | verdict |\n|---|---|---|\n")
	for _, c := range r.Claims {
		p("| %s | %s | **%s** |\n", c.Claim, c.Of, c.Verdict)
	}
	p("\nIntervals are of 95 %% over seeds (Student's t); of what compares two trainings, from the least to the greatest pair. Each of these %d "+
		"verdicts has an error rate of its own, and nothing corrects for their number: expect up to one in twenty to be wrong where the truth "+
		"lies on the limit.\n\n", len(r.Claims))
	for i, c := range r.Claims {
		if i == 0 || r.Claims[i-1].Claim != c.Claim {
			p("### %s\n\nIt holds if %s.\n\n", c.Claim, c.Test)
		}
		p("- %s\n", strings.TrimSpace(fmt.Sprintf("%s: **%s**. %s", c.Of, c.Verdict, escaped(strings.Join(c.Evidence, " ")))))
		if i == len(r.Claims)-1 || r.Claims[i+1].Claim != c.Claim {
			p("\n")
			r.writeMeasures(p, c.Claim)
		}
	}
}

// writePublished has the cells beside which a figure was published.
func (r *Report) writePublished(p printer) {
	p("## Published beside measured\n\nPublished figures come without definitions, and from other images and larger networks. What random data gives stands beside " +
		"them: a figure near to it is no merit of a scheme.\n\n")
	any := false
	for _, c := range r.Cells {
		if c.Published == "" {
			continue
		}
		if !any {
			p("| system | metric | published | source | over seeds | over images | random data |\n|---|---|---|---|---|---|---|\n")
			any = true
		}
		random := "–" // an exact decryption is no random data
		if c.Expected != nil && !strings.HasSuffix(c.Metric, "_decrypted") {
			random = fmt.Sprintf("%.*f", c.digits, *c.Expected)
		}
		p("| %s | %s | %s | %s | %s | %s | %s |\n", r.title(c), c.Name, c.Published, c.Source, c.meanText(c.OverSeeds), c.meanText(c.OverImages), random)
	}
	if !any {
		p("None of these systems is one of which figures were published.\n")
	}
	p("\n")
}

func (r *Report) writeCourses(p printer) {
	if r.picture == nil {
		return
	}
	p("## Keys over the steps of training\n\n![measures of the keys over the steps](%s)\n\n", courseFile)
	p("The line is the mean over the seeds, the band from the lowest to the highest. Measures are of held-out images where a run holds some out, "+
		"else of training images. Min-entropy (SP 800-90B) is that of the keys of %d images together, by the checkpoints that every run has kept.\n\n", judgedImages)
	p("| system | measure | first | last |\n|---|---|---|---|\n")
	for _, measure := range longer {
		for _, c := range shown(r.Courses, measure.measure) {
			last := len(c.Steps) - 1
			p("| %s | %s | %s at step %d | %s at step %d |\n", c.Row, c.Measure, plusMinus(c.Over[0], 4), c.Steps[0], plusMinus(c.Over[last], 4), c.Steps[last])
		}
	}
	p("\n")
}

// writeTable has three lines a metric and a column a system.
func (r *Report) writeTable(p printer, source, title string, wanted, ofKind func(Cell) bool) {
	in := func(c Cell, s System) bool { return c.Source == source && c.Row == s.Row && ofKind(c) && wanted(c) }
	var systems []System
	var ids []string
	for _, s := range r.Systems {
		for _, c := range r.Cells {
			if in(c, s) && !slices.Contains(ids, c.Metric) {
				ids = append(ids, c.Metric)
			}
		}
		if slices.ContainsFunc(r.Cells, func(c Cell) bool { return in(c, s) }) {
			systems = append(systems, s)
		}
	}
	if len(ids) == 0 {
		return
	}
	p("## %s: %s\n\n| metric | |", title, source)
	for _, s := range systems {
		p(" %s |", map[bool]string{true: s.Row, false: s.Title()}[title == "Keys"])
	}
	p("\n|---|---|%s\n", strings.Repeat("---|", len(systems)))
	for _, id := range ids {
		lines := [3]string{}
		name := ""
		for _, s := range systems {
			i := slices.IndexFunc(r.Cells, func(c Cell) bool { return in(c, s) && c.Metric == id })
			if i < 0 {
				for k := range lines {
					lines[k] += " – |"
				}
				continue
			}
			c := r.Cells[i]
			name = strings.TrimSpace(c.Name + " " + c.Unit)
			lines[0] += " " + c.meanText(c.OverSeeds) + " |"
			lines[1] += " " + c.iqmText(c.OverSeeds) + " |"
			lines[2] += " " + c.meanText(c.OverImages) + " |"
		}
		p("| %s | over seeds |%s\n| | IQM |%s\n| | over images |%s\n", name, lines[0], lines[1], lines[2])
	}
	p("\n")
}

func (r *Report) title(c Cell) string {
	i := slices.IndexFunc(r.Systems, func(s System) bool { return s.Row == c.Row })
	return r.Systems[i].Title()
}

// meanText is mean ± SD (n).
func (c Cell) meanText(s Summary) string {
	if c.Infinite {
		return "∞"
	}
	return plusMinus(s, c.digits)
}

func plusMinus(s Summary, digits int) string {
	switch {
	case s.N == 0:
		return "–"
	case s.SD == nil:
		return fmt.Sprintf("%.*f (1)", digits, *s.Mean)
	}
	return fmt.Sprintf("%.*f ± %.*f (%d)", digits, *s.Mean, digits, *s.SD, s.N)
}

// iqmText is the interquartile mean with its interval.
func (c Cell) iqmText(s Summary) string {
	switch {
	case c.Infinite:
		return "∞"
	case s.N == 0:
		return "–"
	case s.BootstrapLow == nil:
		return fmt.Sprintf("%.*f", c.digits, *s.IQM)
	}
	return fmt.Sprintf("%.*f [%.*f, %.*f]", c.digits, *s.IQM, c.digits, *s.BootstrapLow, c.digits, *s.BootstrapHigh)
}

func dash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// escaped keeps a text from ending a cell or a line.
func escaped(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

func joinNumbers(numbers []uint64) string {
	var words []string
	for _, n := range numbers {
		words = append(words, fmt.Sprint(n))
	}
	return strings.Join(words, ", ")
}
