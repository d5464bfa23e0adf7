package cores

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"
)

// machine is a file system of a machine with affinity `allowed`, whose processors have the siblings listed, and with more files.
func machine(allowed string, siblings []string, files map[string]string) fstest.MapFS {
	m := fstest.MapFS{"proc/self/status": {Data: []byte("Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t" + allowed + "\nMems_allowed:\t1\n")}}
	for i, s := range siblings {
		m[fmt.Sprintf("sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", i)] = &fstest.MapFile{Data: []byte(s + "\n")}
	}
	for name, content := range files {
		m[name] = &fstest.MapFile{Data: []byte(content + "\n")}
	}
	return m
}

func TestUsable(t *testing.T) {
	four := []string{"0,2", "1,3", "0,2", "1,3"}
	alone := []string{"0", "1", "2", "3"}
	v2 := map[string]string{"proc/self/cgroup": "0::/a/b", "sys/fs/cgroup/a/cpu.max": "150000 100000", "sys/fs/cgroup/a/b/cpu.max": "max 100000"}
	for _, c := range []struct {
		name string
		root fstest.MapFS
		want int
		why  string
	}{
		{"no topology", machine("0-3", nil, nil), 4, "every processor"},
		{"each its own core", machine("0-3", alone, nil), 4, "every processor"},
		{"siblings", machine("0-3", four, nil), 2, "4 processors"},
		{"affinity to siblings", machine("1,3", four, nil), 1, "2 processors"},
		{"affinity to two cores", machine("0-1", four, nil), 2, "every processor"},
		{"version 2, of a parent", machine("0-3", alone, v2), 2, "quota of 1.5"},
		{"a quota beyond the cores", machine("0", alone, v2), 1, "every processor"},
		{"version 1", machine("0-3", alone, map[string]string{"proc/self/cgroup": "5:memory:/x\n4:cpu,cpuacct:/x",
			"sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "310000", "sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000"}), 3, "quota of 3.1"},
		{"version 1 without a quota", machine("0-3", alone, map[string]string{"proc/self/cgroup": "4:cpu,cpuacct:/x",
			"sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000"}), 4, "every processor"},
		{"a container that sees itself as the root", machine("0-3", alone, map[string]string{"proc/self/cgroup": "0::/docker/of/the/host",
			"sys/fs/cgroup/cpu.max": "20000 100000"}), 1, "quota of 0.2"},
	} {
		if n, why := usable(c.root); n != c.want || !strings.Contains(why, c.why) {
			t.Errorf("%s: %d, %q; want %d, %q", c.name, n, why, c.want, c.why)
		}
	}
	if n, _ := usable(fstest.MapFS{}); n < 1 {
		t.Errorf("without /proc: %d", n)
	}
}

// TestMain prints the answer, for the test below.
func TestMain(m *testing.M) {
	if os.Getenv("PRINT_USABLE") != "" {
		fmt.Println(Usable())
		return
	}
	os.Exit(m.Run())
}

// The kernel's own files are read: under taskset, one processor is left.
func TestUsableUnderTaskset(t *testing.T) {
	taskset, err := exec.LookPath("taskset")
	if err != nil {
		t.Skip("no taskset (util-linux) here")
	}
	cmd := exec.Command(taskset, "-c", fmt.Sprint(allowedCPUs(os.DirFS("/"))[0]), os.Args[0])
	cmd.Env = append(os.Environ(), "PRINT_USABLE=1")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "1 ") {
		t.Errorf("on one processor: %s, %v", out, err)
	}
}
