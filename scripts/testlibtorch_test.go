package scripts

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// What test-libtorch refuses, before it touches anything.
func TestTestLibtorchRefuses(t *testing.T) {
	full := t.TempDir()
	writeScript(t, filepath.Join(full, "precious"), "")
	user := t.TempDir()
	writeScript(t, filepath.Join(user, "id"), "#!/bin/sh\necho 1000\n")
	root := t.TempDir()
	writeScript(t, filepath.Join(root, "id"), "#!/bin/sh\necho 0\n")
	for _, c := range []struct {
		path string // of id
		args []string
		code int
		want string
	}{
		{user, nil, 1, "needs root"},
		{root, []string{"trixie", "sid"}, 2, "takes one distribution, not 2"},
		{root, []string{"../x"}, 2, "../x: not the name of a distribution"},
		{root, nil, 1, full + ": is not empty and holds no system"},
		{user, []string{"--help"}, 0, "CHROOT   the folder"},
	} {
		cmd := exec.Command("/bin/bash", append([]string{"test-libtorch"}, c.args...)...)
		cmd.Env = append(cmd.Environ(), "PATH="+c.path+":/usr/bin:/bin", "CHROOT="+full)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != c.code {
			t.Errorf("%v: exit code %d, want %d", c.args, code, c.code)
		}
		expect(t, string(out), c.want)
	}
}
