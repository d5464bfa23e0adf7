package attack

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Attacks are named by kind and use. What only measures is no attack, and what recovers no image but shows something is both.
func TestSum(t *testing.T) {
	of := func(number int, kind Kind, use Use, scheme string, succeeded bool) Result {
		return Result{Number: number, Kind: kind, Use: use, System: System{Scheme: scheme}, Succeeded: succeeded}
	}
	notRun, shows := of(1, Recovers, Published, "b", false), of(5, Recovers, Published, "a", false)
	notRun.NotRun, shows.Shows = "no reason", "it is no noise"
	got := Sum([]Result{
		notRun, of(1, Recovers, Published, "a", true), of(4, Recovers, Published, "a", false), shows, of(4, Recovers, KeptKey, "a", true),
		of(11, Forges, Published, "a", true), of(12, Measures, Published, "a", true), of(14, Measures, Published, "b", true),
		of(7, Distinguishes, Published, "a", true), of(2, Distinguishes, Published, "b", false),
	})
	a, b := System{Scheme: "a"}, System{Scheme: "b"}
	want := []Found{
		{Recovers, Published, a, []int{1}, []int{1, 4, 5}}, {Recovers, KeptKey, a, []int{4}, []int{4}},
		{Distinguishes, Published, b, nil, []int{2}}, {Distinguishes, Published, a, []int{5, 7}, []int{5, 7}}, {Forges, Published, a, []int{11}, []int{11}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, c := range []struct {
		result Result
		want   string
		harms  bool
	}{
		{notRun, "not run", false}, {shows, "recovers no image, but shows something", true}, {of(7, Distinguishes, Published, "a", true), "shows something", true},
		{of(4, Recovers, Published, "a", true), "recovers an image", true}, {of(4, Recovers, Published, "a", false), "recovers no image", false},
		{of(11, Forges, Published, "a", false), "forges nothing", false}, {of(12, Measures, Published, "a", true), "measured", false},
	} {
		if got := c.result.Outcome(); got != c.want || c.result.Harms() != c.harms {
			t.Errorf("%q, harms %v, want %q, %v", got, c.result.Harms(), c.want, c.harms)
		}
	}
	if s := want[0].String() + "; " + want[2].String() + "; " + want[3].String(); s != "1; none of 1; 5 and 7" {
		t.Error(s)
	}
}
