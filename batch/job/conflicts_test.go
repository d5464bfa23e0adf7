package job

import (
	"path/filepath"
	"testing"
)

// Where capitals do not count, Scan.png and scan.png are one file, and neither output may replace the other.
func TestConflictsOfCapitals(t *testing.T) {
	defer func(was bool) { foldNames = was }(foldNames)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	two := []Job{
		{Input: in("a/x.dcm"), Outputs: []string{in("out/Scan.png")}},
		{Input: in("b/x.dcm"), Outputs: []string{in("out/scan.png")}},
	}
	overInput := []Job{{Input: in("a/x.dcm"), Outputs: []string{in("A/X.dcm")}}}
	for _, foldNames = range []bool{true, false} {
		want := map[bool]int{true: 2, false: 0}[foldNames]
		if got := Conflicts(two); len(got) != want {
			t.Errorf("one file by two names (%v): conflicts %v, want %d", foldNames, got, want)
		}
		if got := Conflicts(overInput); (len(got) == 1) != foldNames {
			t.Errorf("the input by another name (%v): conflicts %v", foldNames, got)
		}
	}
	foldNames = true
	if !SameName(in("Scan.npz"), in("scan.npz")) {
		t.Error("two identities of one file")
	}
}
