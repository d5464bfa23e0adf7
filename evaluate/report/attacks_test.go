package report

import (
	"fmt"
	"strings"
	"testing"

	"keygan/evaluate/attack"
	"keygan/evaluate/experiment"
)

// attackedReport has two schemes and two controls with a random key. Every system meets each of so many thresholds.
func attackedReport(thresholds int, results ...attack.Result) *Report {
	r := &Report{Results: experiment.Results{Attacks: results, Alpha: experiment.Alpha, Sources: []experiment.SourceInfo{{Name: "a"}}}}
	sp := &experiment.Specimen{}
	for _, scheme := range []string{"xor", "paper", "aes-256-gcm", "one-time key"} {
		of := experiment.System{Scheme: scheme}
		r.Systems = append(r.Systems, experiment.SystemInfo{System: of})
		sp.Encrypted = append(sp.Encrypted, experiment.Encrypted{System: of})
		for i := range thresholds {
			v := 1.0
			r.Rows = append(r.Rows, experiment.Row{Source: "a", Scheme: scheme, Metric: fmt.Sprint(i), Measured: &v, Verdict: experiment.Pass})
		}
	}
	r.Specimens = []*experiment.Specimen{sp}
	return r
}

func made(number int, kind attack.Kind, scheme string, succeeded bool) attack.Result {
	return attack.Result{Number: number, Name: fmt.Sprintf("attack of number %d", number), Kind: kind, Use: attack.Published,
		System: attack.System{Scheme: scheme}, Succeeded: succeeded}
}

// The headlines say which attacks recover, show or forge something, and what the same attacks do to the controls. Thresholds that any
// random bytes meet change nothing, and nothing is added up.
func TestHeadlinesSayWhatWasFound(t *testing.T) {
	results := []attack.Result{
		made(2, attack.Distinguishes, "xor", true), made(2, attack.Distinguishes, "paper", true), made(2, attack.Distinguishes, "aes-256-gcm", false),
		made(10, attack.Recovers, "xor", true), made(11, attack.Forges, "xor", true), made(11, attack.Forges, "paper", true),
		made(11, attack.Forges, "aes-256-gcm", false), made(11, attack.Forges, "one-time key", true),
		made(18, attack.Recovers, "xor", true), made(18, attack.Recovers, "paper", false), made(18, attack.Recovers, "aes-256-gcm", false),
	}
	var before []string
	for _, thresholds := range []int{0, 26} {
		var titles []string
		for _, e := range attackedReport(thresholds, results...).Extremes() {
			titles = append(titles, e.Title)
		}
		want := []string{
			"Least found: aes-256-gcm. No attack that was made succeeds, which is no proof of security.",
			"Most found: xor. Of the attacks, 10 and 18 recover an image, 2 shows something, 11 forges; " +
				"the control “aes-256-gcm” withstands 2, 11 and 18; the control “one-time key” falls to 11, too.",
		}
		if strings.Join(titles, "|") != strings.Join(want, "|") {
			t.Errorf("%d thresholds: %q", thresholds, titles)
		}
		if before != nil && strings.Join(titles, "|") != strings.Join(before, "|") {
			t.Errorf("thresholds change the headlines: %q", titles)
		}
		before = titles
	}
	text := fmt.Sprint(facts{attackedReport(0, results...)}.AttackFindings())
	for _, want := range []string{
		"Attacks recover an image: “xor” by 10 and 18. No attack that was made does so with “paper” (none of 1), the control “aes-256-gcm” (none of 1).",
		"Attacks show something: “xor” by 2; “paper” by 2. No attack", "Forgeries are accepted: “xor” by 11; “paper” by 11; the control “one-time key” by 11.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the findings lack %q:\n%s", want, text)
		}
	}
}

// A line of the table of attacks has the controls beside the schemes. An attack that recovers nothing and shows something is no pass.
func TestAttackedHasControlsOnTheLine(t *testing.T) {
	five, safe := made(5, attack.Recovers, "xor", false), made(5, attack.Recovers, "aes-256-gcm", false)
	five.Has = "cipher images"
	five.Shows, five.Rate, safe.Rate = "it is no noise", &attack.Rate{Trials: 6}, &attack.Rate{Trials: 6}
	kept := made(4, attack.Recovers, "aes-256-gcm, kept key and nonce", true)
	kept.Use, kept.Rate = attack.KeptKey, &attack.Rate{Successes: 6, Trials: 6}
	r := attackedReport(0, five, safe, kept, made(12, attack.Measures, "xor", true), made(2, attack.Distinguishes, "one-time key", false))
	text := strings.Join(strings.Fields(r.Attacked().markdown()), " ")
	for _, want := range []string{
		"| attack | aim | the attacker has | xor | aes-256-gcm | one-time key |",
		"| 5 attack of number 5 | recover | cipher images | ✗ 0 of 6 (but shows something) | ✓ 0 of 6 | — |",
		"| 4 with a kept key | recover | | — | ✗ 6 of 6 | — |", "| 2 attack of number 2 | show | | — | — | ✓ |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "12 attack") {
		t.Errorf("what only measures is an attack:\n%s", text)
	}
}

// A claim that keys of random bytes meet says so. Here the claims are judged on keys and cipher images that are as good, and as bad, as the
// controls: what differs between claims is only what random keys do.
func TestClaimsThatRandomKeysMeet(t *testing.T) {
	xor, otp := experiment.System{Scheme: "xor", Generator: "net"}, experiment.System{Scheme: "one-time key"}
	key := experiment.System{Scheme: experiment.RawKey, Generator: "net"}
	build := func(ssim float64) map[string]Check {
		r := &Report{Results: experiment.Results{Config: experiment.Config{Size: 64, Seed: 3}, Sources: []experiment.SourceInfo{{Name: "a"}},
			Systems: []experiment.SystemInfo{{System: xor}, {System: otp}}}}
		add := func(of experiment.System, metric string, v float64) {
			r.Rows = append(r.Rows, experiment.Row{Source: "a", Scheme: of.Scheme, Generator: of.Generator, Metric: metric, Measured: &v, N: 1, Brief: 3})
		}
		add(key, experiment.IDKeyLevels, 250)
		add(key, experiment.IDNPCRKeyKey, 5) // keys that differ a little
		for _, of := range []experiment.System{xor, otp} {
			add(of, experiment.IDSSIMDecrypted, map[bool]float64{true: 1, false: ssim}[of == xor])
		}
		out := map[string]Check{}
		for _, c := range checklist(r) {
			out[c.ID] = c
		}
		return out
	}
	for id, c := range build(1) {
		want := map[string]string{"TC1": "passes for any random-looking key", "TC2": "passes for any random-looking key; another training: not measured", "TC3": "passes for any random-looking key",
			"TC4": "passes for any random-looking key"}[id]
		if c.Note() != want || c.claimedCell().Note != want {
			t.Errorf("%s: %q, want %q: %v", id, c.Note(), want, c.Evidence)
		}
		if want != "" && !strings.Contains(strings.Join(c.Evidence, " "), "The same of random keys: measured ") {
			t.Errorf("%s: %v", id, c.Evidence)
		}
	}
	if c := build(0.5)["TC3"]; c.Note() != "random keys fail" {
		t.Errorf("TC3, random keys decrypt to an SSIM of 0.5: %q", c.Note())
	}
	if evidence := strings.Join(build(1)["TC2"].Evidence, " "); !strings.Contains(evidence, "measured 99.") { // the control is measured, not 5 again
		t.Errorf("TC2: %s", evidence)
	}
}
