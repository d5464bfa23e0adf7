package evaluate

import (
	"strings"
	"testing"
)

// claimedReport is a report on paper, with the measured values of its published figures.
func claimedReport(npcr, sd, oneBit, ssim float64) *Report {
	of := System{"paper", "net"}
	row := func(metric string, v float64, verdict Verdict, published string) Row {
		m := schemeMetrics[0]
		for _, other := range schemeMetrics {
			if other.id == metric {
				m = other
			}
		}
		spread, expected := sd, 99.6094
		return Row{Source: "mri", Scheme: of.Scheme, Generator: of.Generator, Metric: metric, Name: m.name, Unit: m.unit, Measured: &v, SD: &spread, N: 3,
			Expected: &expected, Verdict: verdict, Published: published, digits: m.digits, brief: m.brief}
	}
	field := Pass
	if oneBit < 99 {
		field = Fail
	}
	return &Report{
		Config: Config{Size: 256}, Alpha: Alpha, Published: Published, Sources: []SourceInfo{{Name: "mri"}},
		Systems: []SystemInfo{{System: of, Channels: 3}},
		Rows: []Row{
			row(idNPCRPlainCipher, npcr, Pass, "99.5 %"), row(idNPCR, oneBit, field, ""), row(idSSIMDecrypted, ssim, None, "~0.92"), row(idSSIM, 0.01, None, ""),
		},
	}
}

// A published figure is reproduced when the measured mean is as near as its last digit and the spread of images allow, and the field's
// definition is judged apart from that.
func TestClaims(t *testing.T) {
	for _, c := range []struct {
		name                   string
		npcr, sd, oneBit, ssim float64
		says, silent           []string
	}{
		{"as random keys give", 99.6, 0.02, 1.2, 1, []string{
			"NPCR of 99.5 % (WGAN-GP + ACM + XOR) is reproduced** as NPCR plain–cipher: measured 99.60 % with `paper`",
			"it is 1.20 %, where random data gives 99.61 %: as a claim of diffusion the figure **does not hold**",
			"SSIM of ~0.92 (WGAN-GP + ACM + XOR) is not reproduced** as SSIM plain–decrypted: measured 1.000", "Between plain image and ciphertext it is 0.010",
			"does not say which two images",
		}, []string{"holds up"}},
		{"two spreads away", 99.62, 0.02, 1.2, 1, []string{"99.5 % (WGAN-GP + ACM + XOR) is reproduced"}, nil},
		{"farther", 99.65, 0.02, 1.2, 1, []string{"99.5 % (WGAN-GP + ACM + XOR) is not reproduced"}, nil},
		{"no spread", 99.65, 0, 1.2, 1, []string{"99.5 % (WGAN-GP + ACM + XOR) is not reproduced"}, nil},
		{"diffusion and SSIM", 98, 0.02, 99.61, 0.925, []string{
			"99.5 % (WGAN-GP + ACM + XOR) is not reproduced", "as a claim of diffusion the figure holds up", "~0.92 (WGAN-GP + ACM + XOR) is reproduced",
		}, []string{"does not hold"}},
	} {
		text := strings.Join(findings(claimedReport(c.npcr, c.sd, c.oneBit, c.ssim)), "\n")
		for _, want := range c.says {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the findings lack %q:\n%s", c.name, want, text)
			}
		}
		for _, wrong := range c.silent {
			if strings.Contains(text, wrong) {
				t.Errorf("%s: the findings say %q:\n%s", c.name, wrong, text)
			}
		}
	}
}

// What a kept key gives is noted as such where no key is ever kept, and nowhere else.
func TestNoteOnKeptKeys(t *testing.T) {
	v := 0.00051
	for _, c := range []struct {
		scheme, metric string
		want           bool
	}{
		{SchemeSealed, idNPCRSameKey, true}, {SchemeAES, idUACISameKey, true}, {"paper", idNPCRSameKey, false}, {SchemeSealed, idNPCR, false},
	} {
		row := Row{Scheme: c.scheme, Metric: c.metric, Measured: &v, Note: "1 of 2 values left out"}
		row.noteKeptKey()
		if got := strings.Contains(row.Note, "fresh secret"); got != c.want || !strings.HasPrefix(row.Note, "1 of 2 values left out") {
			t.Errorf("%s, %s: note %q", c.scheme, c.metric, row.Note)
		}
		if got := row.cell().Note != ""; got != c.want {
			t.Errorf("%s, %s: a note in the report: %v", c.scheme, c.metric, got)
		}
	}
	missing := Row{Scheme: SchemeSealed, Metric: idNPCRSameKey, Note: "not measured"}
	if missing.noteKeptKey(); missing.Note != "not measured" {
		t.Errorf("a cell without a value: %q", missing.Note)
	}
}
