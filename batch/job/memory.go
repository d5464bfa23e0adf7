package job

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
)

const (
	unknownMemory = 4 << 30 // bytes free, where the system does not tell
	leastBudget   = 64 << 20
)

// MemoryBudget returns how many bytes a batch may take at a time, on any number of cores. It leaves half of what is free to other
// processes and to garbage that waits for its collector. GOMEMLIMIT can lower it.
var MemoryBudget = sync.OnceValue(func() int64 {
	free, known := FreeMemory()
	if !known {
		free = unknownMemory
	}
	budget := free / 2
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		budget = min(budget, limit)
	}
	return max(budget, leastBudget)
})

// FreeMemory returns how many bytes are left to this process, if the system tells.
func FreeMemory() (free int64, known bool) {
	free, known = freeIn("/proc", "/sys/fs/cgroup")
	if space, limited := addressSpaceLeft(); limited && (!known || space < free) {
		return space, true
	}
	return free, known
}

var errMemory = errors.New("needs more memory than there is")

// CheckMemory returns an error that wraps lacking if work takes more memory than is free. Go or the kernel would end the whole process.
func CheckMemory(takes int64, free func() (bytes int64, known bool), lacking error) error {
	for collected := false; ; collected = true {
		bytes, known := free()
		switch {
		case !known || takes <= bytes:
			return nil
		case collected:
			return fmt.Errorf("%w: %s, and %s are free", lacking, inUnits(takes), inUnits(bytes))
		}
		debug.FreeOSMemory() // the garbage of earlier work
	}
}

// inUnits writes a number of bytes for people.
func inUnits(bytes int64) string {
	if bytes < 1e9 {
		return fmt.Sprintf("%.0f MB", float64(bytes)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
}

// freeIn returns how many bytes the machine and this process's control groups (containers, Slurm jobs) have left, if one of them tells.
func freeIn(proc, cgroup string) (int64, bool) {
	free := int64(math.MaxInt64)
	info, _ := os.ReadFile(filepath.Join(proc, "meminfo"))
	for line := range strings.Lines(string(info)) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "MemAvailable:" {
			if kib, err := strconv.ParseInt(f[1], 10, 64); err == nil {
				free = kib << 10
			}
		}
	}
	groups, _ := os.ReadFile(filepath.Join(proc, "self", "cgroup"))
	for line := range strings.Lines(string(groups)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) < 3 {
			continue
		}
		root, limit, usage := cgroup, "memory.max", "memory.current" // version 2
		if f[0] != "0" {
			if f[1] != "memory" {
				continue
			}
			root, limit, usage = filepath.Join(cgroup, "memory"), "memory.limit_in_bytes", "memory.usage_in_bytes"
		}
		for dir := filepath.Clean("/" + f[2]); ; dir = filepath.Dir(dir) {
			most, used := numberIn(filepath.Join(root, dir, limit)), numberIn(filepath.Join(root, dir, usage))
			if most >= 0 && used >= 0 {
				free = min(free, max(0, most-used))
			}
			if dir == "/" {
				break
			}
		}
	}
	return free, free != math.MaxInt64
}

// numberIn returns the number that a file holds, or −1.
func numberIn(path string) int64 {
	b, _ := os.ReadFile(path)
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
