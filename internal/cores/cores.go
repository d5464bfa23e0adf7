// Package cores counts the processor cores that this process may keep busy.
package cores

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"
)

// Usable is how many threads of arithmetic are worth starting here, at least 1, and the reason in a few words. It counts the processors of
// the process's affinity, those that the kernel calls siblings in one core once, and no more than the cgroup's quota, to the nearest whole.
func Usable() (n int, why string) { return usable(os.DirFS("/")) }

func usable(root fs.FS) (n int, why string) {
	allowed := allowedCPUs(root)
	n, why = len(allowed), "every processor that it may use"
	if n == 0 {
		return runtime.NumCPU(), why
	}
	siblings := map[string]bool{}
	for _, cpu := range allowed {
		list := read(root, fmt.Sprintf("sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu))
		if list == "" {
			list = strconv.Itoa(cpu)
		}
		siblings[list] = true
	}
	if len(siblings) < n {
		why = fmt.Sprintf("the cores of the %d processors that it may use", n)
		n = len(siblings)
	}
	if quota := quota(root); quota < float64(n) {
		n = max(1, int(math.Round(quota)))
		why = fmt.Sprintf("its cgroup's quota of %.3g processors", quota)
	}
	return n, why
}

// read is the content of a file without the space around it, or "".
func read(root fs.FS, name string) string {
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// allowedCPUs are the numbers of the processors of the affinity: "Cpus_allowed_list:	0-2,8".
func allowedCPUs(root fs.FS) (cpus []int) {
	for line := range strings.Lines(read(root, "proc/self/status")) {
		list, ok := strings.CutPrefix(line, "Cpus_allowed_list:")
		if !ok {
			continue
		}
		for r := range strings.SplitSeq(strings.TrimSpace(list), ",") {
			first, last, many := strings.Cut(r, "-")
			if !many {
				last = first
			}
			a, err := strconv.Atoi(first)
			b, err2 := strconv.Atoi(last)
			if err != nil || err2 != nil || b-a > 1<<16 {
				return nil
			}
			for ; a <= b; a++ {
				cpus = append(cpus, a)
			}
		}
	}
	return cpus
}

// quota is the least number of processors that the process's cgroup and those above it may use; infinite where none says so. In a
// container, the names in /proc/self/cgroup may be those outside of it: what is not there is passed over.
func quota(root fs.FS) float64 {
	least := math.Inf(1)
	for line := range strings.Lines(read(root, "proc/self/cgroup")) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3) // 0::/name in version 2, 4:cpu,cpuacct:/name in version 1
		if len(f) != 3 {
			continue
		}
		for dir := path.Clean("/" + f[2]); ; dir = path.Dir(dir) {
			if f[1] == "" {
				least = min(least, share(strings.Fields(read(root, path.Join("sys/fs/cgroup", dir, "cpu.max")))...))
			} else if strings.Contains(","+f[1]+",", ",cpu,") {
				at := path.Join("sys/fs/cgroup/cpu", dir)
				least = min(least, share(read(root, at+"/cpu.cfs_quota_us"), read(root, at+"/cpu.cfs_period_us")))
			}
			if dir == "/" {
				break
			}
		}
	}
	return least
}

// share is the processors that a quota of microseconds in each period is worth: infinite for "max", −1 and what is no such pair.
func share(quotaAndPeriod ...string) float64 {
	if len(quotaAndPeriod) != 2 {
		return math.Inf(1)
	}
	q, err := strconv.ParseFloat(quotaAndPeriod[0], 64)
	p, err2 := strconv.ParseFloat(quotaAndPeriod[1], 64)
	if err != nil || err2 != nil || q <= 0 || p <= 0 {
		return math.Inf(1)
	}
	return q / p
}
