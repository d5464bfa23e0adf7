package job

import (
	"fmt"
	"path/filepath"
	"testing"

	"keygan/internal/failure"

	"pgregory.net/rapid"
)

// Every file is in exactly one part, wherever the folder lies and whatever else is in it, and the parts are about as large.
func TestShards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 20).Draw(t, "count")
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,8}\.png`), 1, 60, rapid.ID).Draw(t, "names")
		folder := rapid.SampledFrom([]string{".", "a", filepath.Join("a", "b")}).Draw(t, "folder")
		owner := map[string]int{}
		for i := range count {
			s := Shard{Index: i, Count: count}
			var inputs []Input
			for _, name := range names {
				inputs = append(inputs, Input{Path: filepath.Join("in", folder, name), Folder: folder})
			}
			for _, in := range s.Select(Host{}, inputs) {
				if first, twice := owner[in.Path]; twice {
					t.Fatalf("%s is in the parts %d and %d of %d", in.Path, first, i, count)
				}
				owner[in.Path] = i
				if !s.Contains(Input{Path: filepath.Join("elsewhere", folder, filepath.Base(in.Path)), Folder: folder}) {
					t.Fatalf("%s is in another part when the folder is called otherwise", in.Path)
				}
			}
		}
		if len(owner) != len(names) {
			t.Fatalf("%d of %d files are in a part", len(owner), len(names))
		}
	})
	for i := range 4 {
		s, n := Shard{Index: i, Count: 4}, 0
		for j := range 10000 {
			if s.Contains(Input{Path: fmt.Sprintf("in/IM%05d.dcm", j), Folder: "."}) {
				n++
			}
		}
		if n < 2300 || n > 2700 { // 2500 ± 43 at random
			t.Errorf("part %d has %d of 10000 files", i, n)
		}
	}
}

func TestParseShard(t *testing.T) {
	type env = map[string]string
	for _, v := range []struct {
		flag         string
		env          env
		index, count int // count −1: refused
	}{
		{"", nil, 0, 0},
		{"1/4", nil, 0, 4},
		{"4/4", nil, 3, 4},
		{"2/3", env{slurmIndex: "0", slurmCount: "7"}, 1, 3}, // the flag decides
		{"0/4", nil, 0, -1},
		{"5/4", nil, 0, -1},
		{"1", nil, 0, -1},
		{"a/b", nil, 0, -1},
		{"", env{slurmIndex: "0", slurmCount: "4", slurmFirst: "0"}, 0, 4},
		{"", env{slurmIndex: "4", slurmCount: "4", slurmFirst: "1"}, 3, 4},
		{"", env{slurmIndex: "7", slurmCount: "4", slurmFirst: "1", slurmStep: "2"}, 3, 4},
		{"", env{slurmIndex: "9", slurmCount: "3", slurmFirst: "1"}, 0, -1}, // 1, 2 and 9
		{"", env{slurmIndex: "3"}, 0, -1},
		{"", env{kubernetesIndex: "0", kubernetesCount: "5"}, 0, 5},
		{"", env{kubernetesIndex: "4", kubernetesCount: "5"}, 4, 5},
		{"", env{kubernetesIndex: "5", kubernetesCount: "5"}, 0, -1},
		{"", env{kubernetesIndex: "2"}, 0, -1},
		{"", env{kubernetesIndex: "x", kubernetesCount: "5"}, 0, -1},
		{"", env{kubernetesCount: "5"}, 0, 0},
	} {
		s, err := ParseShard(v.flag, func(name string) string { return v.env[name] })
		if v.count < 0 {
			if !failure.IsUsage(err) || failure.HintOf(err) == "" {
				t.Errorf("%q %v: error %v", v.flag, v.env, err)
			}
		} else if err != nil || s.Index != v.index || s.Count != v.count {
			t.Errorf("%q %v: part %d of %d, error %v", v.flag, v.env, s.Index, s.Count, err)
		}
	}
	if s := (Shard{Index: 1, Count: 3, From: slurmIndex}); !s.Contains(Input{Path: "a", Folder: ".", Named: true}) || !s.Contains(Input{Path: "b", Folder: ".", Named: true}) {
		t.Error("the environment divides files that were named")
	}
}
