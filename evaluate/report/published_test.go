package report

import (
	"math"
	"strings"
	"testing"

	"keygan/evaluate/experiment"
)

// A published figure stands beside a system only where scheme, network and objective are the publication's.
func TestIncomparable(t *testing.T) {
	generators := []experiment.GeneratorInfo{
		{Name: "a GAN", Network: "resnet", Objective: "gan"}, {Name: "GAN", Network: "resnet", Objective: "wgan-gp"},
		{Name: "dcgan", Network: "dcgan", Objective: "wgan-gp"}, {Name: "unknown", Network: "resnet"},
	}
	for _, c := range []struct{ scheme, generator, xor, paper string }{
		{"xor", "a GAN", "", "the publication's scheme is paper"},
		{"paper", "a GAN", "the publication's scheme is xor", "trained with the objective gan"},
		{"paper", "GAN", "the publication's scheme is xor", ""}, // whatever its name is
		{"xor", "GAN", "trained with the objective wgan-gp", "the publication's scheme is paper"},
		{"paper", "dcgan", "the publication's scheme", "of the kind dcgan"},
		{"xor", "unknown", "nothing says how unknown was trained", "the publication's scheme"},
		{"logistic", "", "the publication's scheme", "the publication's scheme"},
	} {
		for _, p := range Published {
			want := map[string]string{"xor": c.xor, "paper": c.paper}[p.Scheme]
			got := p.incomparable(experiment.System{Scheme: c.scheme, Generator: c.generator}, generators)
			if (got == "") != (want == "") || !strings.Contains(got, want) {
				t.Errorf("%s of %s beside %s, %s: %q, want %q", p.Quantity, p.System, c.scheme, c.generator, got, want)
			}
		}
	}
}

// All ten published cells are in the table, the wordy ones as well, whether they can be compared or not.
func TestTenPublishedCells(t *testing.T) {
	count := func(r *Report) (systems map[string]int, outcomes map[string]Outcome) {
		systems, outcomes = map[string]int{}, map[string]Outcome{}
		for _, c := range r.Comparisons {
			if c.Metric == experiment.IDCorrelation[1] || c.Metric == experiment.IDCorrelation[2] { // further lines of a cell
				continue
			}
			systems[c.System]++
			outcomes[c.System+" "+c.Quantity] = c.Outcome
		}
		return systems, outcomes
	}
	r := claimedReport(99.5, 0.001, 1, 1)
	systems, outcomes := count(r)
	if systems["GAN + XOR"] != 5 || systems["WGAN-GP + ACM + XOR"] != 5 || len(Published) != 10 {
		t.Errorf("%v", systems)
	}
	for cell, want := range map[string]Outcome{
		"GAN + XOR NPCR": NotComparable, "GAN + XOR correlation": NotComparable, "WGAN-GP + ACM + XOR NPCR": Agrees, "WGAN-GP + ACM + XOR UACI": InWords,
		"WGAN-GP + ACM + XOR MSE": InWords, "WGAN-GP + ACM + XOR SSIM": Differs, "WGAN-GP + ACM + XOR correlation": Differs,
	} {
		if outcomes[cell] != want {
			t.Errorf("%s: %q, want %q", cell, outcomes[cell], want)
		}
	}
	text := r.PublishedCells().markdown()
	for _, want := range []string{"moderate", "higher deviation", "strong", "minimal or none", "lower", "high", "~78 %", "~0.61", "99.5 %", "~0.92", "33.0000"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	// What random bytes give as well is no merit: here a figure in whose range random data lies.
	for _, c := range []struct {
		expected float64
		want     Outcome
	}{{99.6094, AgreesAsNoise}, {33.46, Agrees}} {
		mean, sd := 99.6, 0.01
		row := &experiment.Row{Measured: &mean, SD: &sd, N: 10, Expected: &c.expected}
		if got := (PublishedFigure{allowed: within(99.6, 0.1)}).outcome(row); got != c.want {
			t.Errorf("random data gives %g: %q, want %q", c.expected, got, c.want)
		}
	}
}

// A published correlation has no direction: keys whose rows are as random as can be and whose diagonals are not do not agree with "none".
func TestCorrelationOfEachDirection(t *testing.T) {
	r := claimedReport(99.5, 0.001, 1, 1)
	for i, v := range []float64{0.01, 0.02, -0.3} {
		spread, expected := 0.001, 0.0
		row := experiment.Row{Source: "mri", Scheme: "paper", Generator: "net", Metric: experiment.IDCorrelation[i], Measured: &v, SD: &spread, N: 3, Expected: &expected}
		if old := r.Row("mri", row.System(), row.Metric); old != nil {
			*old = row
		} else {
			r.Rows = append(r.Rows, row)
		}
	}
	found := map[string]Outcome{}
	for _, c := range r.comparisons() {
		if c.Quantity == "correlation" && c.Of != "" {
			found[c.Metric] = c.Outcome
		}
	}
	for i, want := range []Outcome{AgreesAsNoise, AgreesAsNoise, Differs} {
		if found[experiment.IDCorrelation[i]] != want {
			t.Errorf("%s: %q, want %q", experiment.IDCorrelation[i], found[experiment.IDCorrelation[i]], want)
		}
	}
}

// Three channels of one image are one value: three images whose channels are equal have the interval of three values, not of nine.
func TestChannelsAreOneValue(t *testing.T) {
	values := []float64{0.01, 0.01, 0.01, 0.05, 0.05, 0.05, 0.09, 0.09, 0.09}
	mean, sd := 0.05, 0.0346
	row := &experiment.Row{Metric: experiment.IDCorrelation[0], Measured: &mean, SD: &sd, N: 9, Values: values}
	low, high, ok := interval(ofImages(row, 3)) // 0.05 ± 4.3027 · 0.04 / √3
	if !ok || math.Abs(low-(-0.04937)) > 1e-4 || math.Abs(high-0.14937) > 1e-4 {
		t.Errorf("%g to %g", low, high)
	}
	if low, high, _ := interval(ofImages(row, 1)); math.Abs(low-0.0234) > 1e-3 || math.Abs(high-0.0766) > 1e-3 { // nine grey images
		t.Errorf("%g to %g", low, high)
	}
}
