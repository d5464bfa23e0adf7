package attack

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCounts: attacks are counted by kind and use, and what only measures is not counted.
func TestCounts(t *testing.T) {
	of := func(number int, kind Kind, use Use, scheme string, succeeded bool) Result {
		return Result{Number: number, Kind: kind, Use: use, System: System{Scheme: scheme}, Succeeded: succeeded}
	}
	notRun := of(1, Recovers, Published, "b", false)
	notRun.NotRun = "no reason"
	got := Counts([]Result{
		notRun, of(1, Recovers, Published, "a", true), of(4, Recovers, Published, "a", false), of(4, Recovers, KeptKey, "a", true),
		of(11, Forges, Published, "a", true), of(12, Measures, Published, "a", true), of(14, Measures, Published, "b", true),
		of(2, Distinguishes, Published, "b", false),
	})
	want := []Count{
		{Recovers, Published, "a", 1, 2}, {Recovers, KeptKey, "a", 1, 1}, {Distinguishes, Published, "b", 0, 1}, {Forges, Published, "a", 1, 1},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
