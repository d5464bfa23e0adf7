package sp80090b

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The known answers come from NIST's program, version 1.1.7 (github.com/usnistgov/SP800-90B_EntropyAssessment, 68ed165):
//
//	go test ./evaluate/sp80090b -run NISTProgram -write DIR
//	cd DIR && sh run.sh PATH/ea_non_iid > nist.txt
var write = flag.String("write", "", "write the sequences of the known answers, and a script that runs NIST's program on them, to a `folder`")

// tolerance of an agreement with NIST's program.
const tolerance = 1e-6

// nistNames are the estimators in the program's output.
var nistNames = map[string]string{
	"Most Common Value Estimate": "most_common_value", "Collision Estimate": "collision", "Markov Estimate": "markov",
	"Compression Estimate": "compression", "t-Tuple Estimate": "t_tuple", "LRS Estimate": "lrs",
	"MultiMCW Prediction Estimate": "multi_mcw", "Lag Prediction Estimate": "lag",
	"MultiMMC Prediction Estimate": "multi_mmc", "LZ78Y Prediction Estimate": "lz78y",
}

// readNIST reads what the program prints with -v -v, for files that are announced by lines "== name". The names of values are those of the
// estimators with "Literal " or "Bitstring " before them, and the program's for the last three.
func readNIST(t *testing.T, r io.Reader) map[string]map[string]float64 {
	t.Helper()
	all := map[string]map[string]float64{}
	values := map[string]float64{}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		line := lines.Text()
		if name, ok := strings.CutPrefix(line, "== "); ok {
			values = map[string]float64{}
			all[name] = values
			continue
		}
		name, number, _ := strings.Cut(strings.NewReplacer(": min entropy =", " =", "original:", "original =", "min entropy:", "min entropy =").
			Replace(line), " = ")
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if kind, estimator, ok := strings.Cut(name, " "); ok && nistNames[estimator] != "" {
			name = kind + " " + nistNames[estimator]
		} else if !strings.HasPrefix(name, "H_") && name != "Assessed min entropy" || name == "H_bitstring Per Symbol" {
			continue
		}
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		values[name] = v
	}
	return all
}

// same compares a result with the program's values and returns the largest difference.
func same(t *testing.T, name string, r *Result, want map[string]float64) (worst float64) {
	t.Helper()
	left := len(want)
	check := func(what string, got float64) {
		v, there := want[what]
		if there {
			left--
		}
		if there == math.IsNaN(got) || there && !(math.Abs(got-v) <= tolerance) {
			t.Errorf("%s: %s is %.9g, NIST's %.9g (%v)", name, what, got, v, there)
		}
		if there {
			worst = max(worst, math.Abs(got-v))
		}
	}
	for _, e := range r.Estimates {
		check("Literal "+e.Name, e.Original)
		check("Bitstring "+e.Name, e.Bitstring)
	}
	check("H_original", r.HOriginal)
	check("H_bitstring", r.HBitstring)
	check("Assessed min entropy", r.MinEntropy)
	if left != 0 {
		t.Errorf("%s: %d of NIST's values have no counterpart", name, left)
	}
	return worst
}

func TestLikeNISTProgram(t *testing.T) {
	if *write != "" {
		writeSequences(t)
		return
	}
	file, err := os.Open("testdata/nist.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all := readNIST(t, file)
	worst := 0.0
	for _, s := range sequences() {
		r, err := Assess(s.symbols, Options{s.bits, s.firstBits})
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		if len(all[s.name]) < 10 {
			t.Errorf("%s: %d values by NIST's program", s.name, len(all[s.name]))
		}
		worst = max(worst, same(t, s.name, r, all[s.name]))
	}
	t.Logf("largest difference %.2g", worst)
}

func writeSequences(t *testing.T) {
	script := "set -eu\n"
	for _, s := range sequences() {
		if err := os.WriteFile(filepath.Join(*write, s.name), s.symbols, 0o644); err != nil {
			t.Fatal(err)
		}
		all, bits := "-a", ""
		if s.firstBits > 0 {
			all = "-t"
		}
		if s.bits > 0 {
			bits = fmt.Sprint(s.bits)
		}
		script += fmt.Sprintf("echo '== %s'; \"$1\" -i %s -v -v %s %s | grep -E 'min entropy|^H_'\n", s.name, all, s.name, bits)
	}
	if err := os.WriteFile(filepath.Join(*write, "run.sh"), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestNISTSamples compares the results for the sample files of NIST's program with those that come with it.
func TestNISTSamples(t *testing.T) {
	root := os.Getenv("NIST_90B")
	if root == "" {
		t.Skip("NIST_90B does not name a copy of NIST's repository, whose sample files are too large to keep here")
	}
	files, err := filepath.Glob(filepath.Join(root, "bin", "*.bin"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".bin")
		p, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(root, "cpp", "selftest", "refdata", name+".res"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Assess(p, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		values := readNIST(t, strings.NewReader("== x\n"+string(want)))["x"]
		t.Logf("%s: %d values, largest difference %.2g", name, len(values), same(t, name, r, values))
	}
}
