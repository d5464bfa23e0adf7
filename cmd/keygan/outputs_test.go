package main

import (
	"path/filepath"
	"testing"
)

// Where capitals do not count, Scan.png and scan.png are one file, and neither output may replace the other.
func TestConflictsOfCapitals(t *testing.T) {
	defer func(was bool) { foldNames = was }(foldNames)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	two := []job{
		{input: in("a/x.dcm"), outputs: []string{in("out/Scan.png")}},
		{input: in("b/x.dcm"), outputs: []string{in("out/scan.png")}},
	}
	overInput := []job{{input: in("a/x.dcm"), outputs: []string{in("A/X.dcm")}}}
	for _, foldNames = range []bool{true, false} {
		want := map[bool]int{true: 2, false: 0}[foldNames]
		if got := conflicts(two); len(got) != want {
			t.Errorf("one file by two names (%v): conflicts %v, want %d", foldNames, got, want)
		}
		if got := conflicts(overInput); (len(got) == 1) != foldNames {
			t.Errorf("the input by another name (%v): conflicts %v", foldNames, got)
		}
	}
	foldNames = true
	if identity(in("Scan.npz")) != identity(in("scan.npz")) {
		t.Error("two identities of one file")
	}
}
