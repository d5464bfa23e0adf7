package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// needGo runs a copy of scripts/need-go on a system that has only the given programs, which are shell scripts by name. An apt-get among
// them may write its arguments to $LOG, which is returned.
func needGo(t *testing.T, programs map[string]string, env ...string) (output, log string, code int) {
	t.Helper()
	root, path := t.TempDir(), tools(t, "env")
	script, err := os.ReadFile("need-go")
	if err != nil {
		t.Fatal(err)
	}
	writeExecutable(t, filepath.Join(root, "scripts/need-go"), string(script))
	writeExecutable(t, filepath.Join(path, "sudo"), "#!/bin/sh\nexec \"$@\"\n")
	for name, content := range programs {
		writeExecutable(t, filepath.Join(path, name), "#!/bin/sh\n"+content+"\n")
	}
	logFile := filepath.Join(root, "log")
	cmd := exec.Command("/bin/bash", filepath.Join(root, "scripts/need-go"))
	cmd.Env = append([]string{"PATH=" + path, "LOG=" + logFile}, env...)
	out, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	calls, _ := os.ReadFile(logFile)
	if _, err := os.Stat(filepath.Join(root, "build")); err == nil && !strings.Contains(string(calls), "install") {
		t.Error("nothing was installed, but there is a folder build")
	}
	return string(out), string(calls), cmd.ProcessState.ExitCode()
}

const aptGet = `echo "$*" >>"$LOG"`

// offers is an apt-cache whose golang-go has a version.
func offers(version string) string {
	return "echo 'golang-go:'; echo '  Installed: (none)'; echo '  Candidate: " + version + "'"
}

func TestNeedGoWhereItIs(t *testing.T) {
	for _, version := range []string{"go1.21.0", "go1.24.4", "go1.26-custom", "go1.100"} {
		programs := map[string]string{"go": "echo go version " + version + " linux/amd64", "apt-get": aptGet}
		if out, log, code := needGo(t, programs); code != 0 || out != "" || log != "" {
			t.Errorf("%s: exit code %d, %q, apt-get %q", version, code, out, log)
		}
	}
}

func TestNeedGoInstalls(t *testing.T) {
	for _, version := range []string{"2:1.24~2", "2:1.22~2build1", "1.21.0-1"} {
		out, log, code := needGo(t, map[string]string{"apt-get": aptGet, "apt-cache": offers(version)})
		if code != 0 || !strings.Contains(log, "golang-go ca-certificates") {
			t.Errorf("%s: exit code %d, apt-get %q:\n%s", version, code, log, out)
		}
	}
}

// One sentence says what to do, and nothing is installed.
func TestNeedGoRefuses(t *testing.T) {
	old := map[string]string{"go": "echo go version go1.19.8 linux/amd64", "apt-get": aptGet}
	for name, c := range map[string]struct {
		programs map[string]string
		env      []string
		want     string
	}{
		"old Go":                 {old, nil, "go1.19.8"},
		"another Go":             {old, []string{"GO=/nonexistent/go"}, "GO=/nonexistent/go"},
		"no apt-get":             {nil, nil, "Go is missing"},
		"an old package":         {map[string]string{"apt-get": aptGet, "apt-cache": offers("2:1.19~1")}, nil, "only 1.19"},
		"no package":             {map[string]string{"apt-get": aptGet, "apt-cache": offers("(none)")}, nil, "none"},
		"package lists are gone": {map[string]string{"apt-get": "exit 100", "apt-cache": ""}, nil, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			out, log, code := needGo(t, c.programs, c.env...)
			if code != 1 || strings.Count(out, "\n") != 1 || strings.Contains(log, "install") {
				t.Errorf("exit code %d, apt-get %q:\n%s", code, log, out)
			}
			expect(t, out, "need-go: ", c.want)
			if !strings.Contains(out, "https://go.dev/dl") && !strings.Contains(out, "bookworm-backports") {
				t.Errorf("no remedy in %q", out)
			}
		})
	}
	broken := `[ "$1" = update ] || { echo E: broken; echo install >>"$LOG"; exit 100; }`
	out, _, code := needGo(t, map[string]string{"apt-get": broken, "apt-cache": offers("2:1.24~2")})
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	expect(t, out, "E: broken", "need-go: apt-get could not install golang-go", "build/apt-golang-go.log")
}
