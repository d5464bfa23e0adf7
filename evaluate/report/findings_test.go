package report

import (
	"fmt"
	"strings"
	"testing"

	"keygan/evaluate/experiment"
)

// claimedReport is a report on paper, with the measured values of its published figures.
func claimedReport(npcr, sd, oneBit, ssim float64) *Report {
	of := experiment.System{Scheme: "paper", Generator: "net"}
	row := func(metric string, v float64, verdict experiment.Verdict, published string) experiment.Row {
		m := experiment.SchemeMetrics()[0]
		for _, other := range experiment.SchemeMetrics() {
			if other.ID == metric {
				m = other
			}
		}
		spread, expected := sd, 99.6094
		return experiment.Row{Source: "mri", Scheme: of.Scheme, Generator: of.Generator, Metric: metric, Name: m.Name, Unit: m.Unit, Measured: &v, SD: &spread, N: 3,
			Expected: &expected, Verdict: verdict, Published: published, Digits: m.Digits, Brief: m.Brief}
	}
	field := experiment.Pass
	if oneBit < 99 {
		field = experiment.Fail
	}
	r := &Report{Published: Published, Results: experiment.Results{
		Config: experiment.Config{Size: 256}, Alpha: experiment.Alpha, Sources: []experiment.SourceInfo{{Name: "mri"}},
		Generators: []experiment.GeneratorInfo{{Name: "net", Network: "resnet", Objective: "wgan-gp"}},
		Systems:    []experiment.SystemInfo{{System: of, Channels: 3}},
		Rows: []experiment.Row{
			row(experiment.IDNPCRPlainCipher, npcr, experiment.Pass, "99.5 %"), row(experiment.IDNPCR, oneBit, field, ""), row(experiment.IDSSIMDecrypted, ssim, experiment.None, "~0.92"), row("ssim_plain_cipher", 0.01, experiment.None, ""),
			row(experiment.IDCorrelation[0], 0.3, experiment.Fail, ""), row(experiment.IDUACIPlainCipher, 33, experiment.None, ""), row(experiment.IDMSEDecrypted, 0, experiment.None, ""),
		},
	}}
	r.Comparisons = r.comparisons()
	return r
}

// A published figure agrees when the whole interval of the measured mean lies within one unit of its last digit. Spread never makes it
// agree, and the field's definition is judged apart from that. With three values of standard deviation s the interval is ± 2.484 s.
func TestClaims(t *testing.T) {
	for _, c := range []struct {
		name                   string
		npcr, sd, oneBit, ssim float64
		says, silent           []string
	}{
		{"as random keys give", 99.6, 0.02, 1.2, 1, []string{
			"NPCR of 99.5 % (WGAN-GP + ACM + XOR) can neither be confirmed nor refuted by so few images beside the 99.60 % measured here",
			"Random data gives 99.61 %",
			"it is 1.20 %", "As a claim of diffusion, the figure does not hold",
			"SSIM of ~0.92 (WGAN-GP + ACM + XOR) differs from the 1.000 measured here between plain and decrypted image", "Between plain image and ciphertext it is 0.010",
			"does not say which two images", "The published figures of GAN + XOR stand beside nothing here: the scheme xor was not measured",
		}, []string{"the figure holds", "agrees"}},
		{"within one unit", 99.5, 0.02, 1.2, 1, []string{"99.5 % (WGAN-GP + ACM + XOR) agrees with the 99.50 %"}, nil},
		{"a large spread about the figure", 99.5, 1, 1.2, 1, []string{"99.5 % (WGAN-GP + ACM + XOR) can neither"}, []string{"agrees"}},
		{"a large spread beside the figure", 99.7, 0.2, 1.2, 1, []string{"99.5 % (WGAN-GP + ACM + XOR) can neither"}, []string{"agrees"}},
		{"farther", 99.66, 0.02, 1.2, 1, []string{"99.5 % (WGAN-GP + ACM + XOR) differs from the 99.66 %"}, nil},
		{"no spread", 99.65, 0, 1.2, 1, []string{"99.5 % (WGAN-GP + ACM + XOR) differs from the 99.65 %"}, nil},
		{"diffusion and SSIM", 98, 0.002, 99.61, 0.922, []string{
			"99.5 % (WGAN-GP + ACM + XOR) differs from the 98.00 %", "As a claim of diffusion, the figure holds", "~0.92 (WGAN-GP + ACM + XOR) agrees with the 0.922",
		}, []string{"does not hold"}},
	} {
		text := fmt.Sprint(findings(claimedReport(c.npcr, c.sd, c.oneBit, c.ssim)))
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

// Each sentence of the findings is there only when the values say so: what is said of the keys is not said of good ones.
func TestFindingsBlameTheKeysOnlyWhenTheyFail(t *testing.T) {
	made := func(scheme, metric string, v float64, verdict experiment.Verdict) experiment.Row {
		return experiment.Row{Source: "mri", Scheme: scheme, Generator: "net", Metric: metric, Measured: &v, N: 1, Expected: &v, Verdict: verdict, Digits: 4, Brief: 4}
	}
	for keys, want := range map[experiment.Verdict]bool{experiment.Fail: true, experiment.Pass: false} {
		r := &Report{Results: experiment.Results{
			Config: experiment.Config{Size: 256}, Systems: []experiment.SystemInfo{{System: experiment.System{Scheme: "xor", Generator: "net"}, Channels: 3}}, Alpha: experiment.Alpha,
			Sources: []experiment.SourceInfo{{Name: "mri"}},
			Rows: []experiment.Row{
				made("xor", experiment.IDNPCR, 1, experiment.Fail), made(experiment.RawKey, experiment.IDNPCRKeyOneBit, 1, keys), made(experiment.RawKey, "uaci_key_one_bit", 0.1, keys),
				made("xor", experiment.IDChiSquare, 900, experiment.Fail), made(experiment.RawKey, experiment.IDChiSquare, 900, keys), made(experiment.RawKey, experiment.IDEntropy, 7, keys),
			},
		}}
		text := fmt.Sprint(findings(r))
		for _, always := range []string{"do not spread under “xor”", "not uniform under “xor”: χ² is 900.0000, and 99 % of random images lie between 200.6 and 316.9."} {
			if !strings.Contains(text, always) {
				t.Errorf("keys %s: the findings lack %q:\n%s", keys, always, text)
			}
		}
		for _, blame := range []string{"too smooth", "over all bytes the mean change is 0.1000 %", "The raw keys of “xor” are not uniform"} {
			if strings.Contains(text, blame) != want {
				t.Errorf("keys %s: %q is in the findings: %v\n%s", keys, blame, !want, text)
			}
		}
	}
}
