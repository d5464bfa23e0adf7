package main

import (
	"testing"
	"time"

	"keygan/evaluate/experiment"
)

// The report's command can be given to a shell again.
func TestCommandLine(t *testing.T) {
	for want, args := range map[string][]string{
		"keygan evaluate -c a.yaml":            {"/usr/bin/keygan", "evaluate", "-c", "a.yaml"},
		"keygan evaluate -o 'my results'":      {"keygan", "evaluate", "-o", "my results"},
		`keygan -w 'it'\''s=x.npz' '' 'a;b'`:   {"keygan", "-w", "it's=x.npz", "", "a;b"},
		"keygan -w WGAN-GP=runs/x-1/gen_1.npz": {"keygan", "-w", "WGAN-GP=runs/x-1/gen_1.npz"},
	} {
		if got := commandLine(args); got != want {
			t.Errorf("%q: %s, want %s", args, got, want)
		}
	}
}

func TestTimeLeft(t *testing.T) {
	for want, p := range map[string]experiment.Progress{
		"mri":                  {Share: .01, Left: time.Hour, What: "mri"}, // too early to say
		"xray":                 {Share: .99, Left: time.Millisecond, What: "xray"},
		"xray (about 4s left)": {Share: .5, Left: 4100 * time.Millisecond, What: "xray"},
	} {
		if got := withTimeLeft(p); got != want {
			t.Errorf("%+v: %s, want %s", p, got, want)
		}
	}
}
