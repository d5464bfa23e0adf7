package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The kit is small enough, holds what it should, and its tests run where it is unpacked, beside a library that was built there.
func TestClusterKit(t *testing.T) {
	folder := t.TempDir()
	archive := filepath.Join(folder, "kit.tar.gz")
	run(t, ".", nil, "./cluster-kit", archive)
	if info, err := os.Stat(archive); err != nil || info.Size() > 50<<20 {
		t.Errorf("the kit: %v, %v", info, err)
	}
	run(t, folder, nil, "tar", "-xzf", archive)
	kit := filepath.Join(folder, "keygan-kit")
	for _, name := range []string{
		"setup", "check-gpu", "build/bin/keygan", "build/bin/keygan-train", "build/bin/gotorch.test", "build/bin/nn.test", "build/bin/train.test",
		"gotorch/cgotorch/graph.cc", "configs/xray-mri-spectrogram.yaml", "train/testdata/wgan-gp.npz", "scripts/bench/check.py",
	} {
		if _, err := os.Stat(filepath.Join(kit, name)); err != nil {
			t.Error(err)
		}
	}
	for _, name := range files(t, kit) {
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "example_test.go") {
			t.Errorf("the kit has %s: there is no Go", name)
		}
	}

	refusal := exec.Command(filepath.Join(kit, "setup")) // as a link, from anywhere
	refusal.Env = append(os.Environ(), "LIBTORCH=/nonexistent")
	if out, err := refusal.CombinedOutput(); err == nil || !strings.Contains(string(out), "LIBTORCH=/nonexistent") {
		t.Errorf("setup with a wrong libtorch: %v\n%s", err, out)
	}
	library, err := filepath.Abs("../build/lib") // what setup builds, built already
	if err == nil {
		err = os.Symlink(library, filepath.Join(kit, "build/lib"))
	}
	if err != nil {
		t.Fatal(err)
	}
	run(t, filepath.Join(kit, "gotorch"), nil, "../build/bin/gotorch.test", "-test.run", "Adam|Pickle|Page")
	run(t, filepath.Join(kit, "train"), nil, "../build/bin/train.test", "-test.run", "AgainstPyTorch/gan")
	run(t, filepath.Join(kit, "gotorch/nn"), nil, "../../build/bin/nn.test", "-test.run", "Conv")
	run(t, kit, nil, "build/bin/keygan-train", "doctor")
}

// stubbedKit has programs that say what those of a kit say.
func stubbedKit(t *testing.T, tests, bench string) (kit string) {
	t.Helper()
	kit = t.TempDir()
	script, err := os.ReadFile("check-gpu")
	if err != nil {
		t.Fatal(err)
	}
	program := func(says string) string {
		return "#!/bin/sh\ncase \"$*\" in *test.v*) " + tests + ";; *) " + says + ";; esac\n"
	}
	for name, content := range map[string]string{
		"scripts/check-gpu": string(script), "build/lib/libtorch.env": "libtorch=/opt/torch version=2.6.0 cuda=yes\n", "build/lib/libcgotorch.so": "",
		"build/bin/gotorch.test": program(":"), "build/bin/nn.test": program(":"), "build/bin/train.test": program(bench),
		"gotorch/nn/x": "", "train/x": "",
	} {
		path := filepath.Join(kit, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return kit
}

// checkGPU runs check-gpu in a kit, without a Python, and returns its table.
func checkGPU(t *testing.T, kit string, env ...string) (table string, code int) {
	t.Helper()
	cmd := exec.Command(filepath.Join(kit, "scripts/check-gpu"), "cpu")
	cmd.Env = append(os.Environ(), append(env, "PYTHON=/nonexistent/python")...)
	out, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(kit, "check-gpu.md"))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

func TestCheckGPU(t *testing.T) {
	const passes = `printf -- '--- PASS: TestA (0s)\n--- PASS: TestB (0s)\n--- SKIP: TestC (0s)\n'`
	const measured = `printf 'rate\t1e12\nlayout\tcontiguous\t\nstep\t0.02\t0.1\t300\t1\t2.6.0\tchip\nflop\t4e9\n'`
	kit := stubbedKit(t, passes, measured)
	table, code := checkGPU(t, kit)
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	// 20 ms for 2 images are 100 images/s and 10 s for 1000; 4 GFLOP in 20 ms are a fifth of 1 TFLOP/s.
	expect(t, table, "libtorch 2.6.0", "| training | 2 | none | 1 |", "| 2 | fp32 | off | contiguous | 20.00 | 100.0 | 10.00 | 20 % | 300 |")

	table, code = checkGPU(t, stubbedKit(t, `printf -- '--- FAIL: TestB (0s)\n'; exit 1`, `echo panic: no memory; exit 2`))
	if code != 1 {
		t.Errorf("exit code %d after a failed test", code)
	}
	expect(t, table, "| layers | 0 | TestB | 0 |", "| 2 | fp32 | off | failed: panic: no memory |")

	table, _ = checkGPU(t, kit, "MINUTES=0")
	expect(t, table, "not measured: no time left")
	if log, err := os.ReadFile(filepath.Join(kit, "check-gpu.log")); err != nil || !strings.Contains(string(log), "--- SKIP: TestC") {
		t.Errorf("the log: %v\n%s", err, log)
	}
}
