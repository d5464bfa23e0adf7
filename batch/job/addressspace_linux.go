package job

import (
	"math"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// goReserve is the address space, in bytes, that Go may ask for beyond its heap: arenas of 64 MiB, and what describes them.
const goReserve = 96 << 20

// addressSpaceLeft returns how many bytes a limit on the address space (ulimit -v) leaves to this process, if there is one.
func addressSpaceLeft() (int64, bool) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &limit); err != nil || limit.Cur > math.MaxInt64 {
		return 0, false
	}
	statm, _ := os.ReadFile("/proc/self/statm") // the first number is the address space in pages
	first, _, _ := strings.Cut(string(statm), " ")
	pages, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return 0, false
	}
	return max(0, int64(limit.Cur)-pages*int64(os.Getpagesize())-goReserve), true
}
