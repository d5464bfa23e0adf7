package main

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // so that DecodeConfig knows it, as the others below
	_ "image/png"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
)

// How much memory a batch may take at a time, whatever number of images and of cores there is. Half of what is free is left to others
// and to the garbage that waits for its collector; GOMEMLIMIT sets less.
const (
	unknownMemory = 4 << 30 // bytes free, where the system does not tell
	leastBudget   = 64 << 20
)

var memoryBudget = sync.OnceValue(func() int64 {
	free, known := freeMemoryHere()
	if !known {
		free = unknownMemory
	}
	budget := free / 2
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		budget = min(budget, limit)
	}
	return max(budget, leastBudget)
})

// freeMemoryHere is what is left to this process, in bytes, where the system tells.
func freeMemoryHere() (free int64, known bool) {
	free, known = freeMemory("/proc", "/sys/fs/cgroup")
	if space, limited := addressSpaceLeft(); limited && (!known || space < free) {
		return space, true
	}
	return free, known
}

var errMemory = errors.New("needs more memory than there is")

// checkFree refuses work that takes more memory than is free. Go ends a process that cannot get its memory, and the kernel kills one; both
// would take the work beside it along.
func checkFree(takes int64) error {
	lacks := func() (int64, bool) {
		free, known := freeMemoryHere()
		return free, known && takes > free
	}
	if _, lacking := lacks(); !lacking {
		return nil
	}
	debug.FreeOSMemory() // of what is done
	if free, lacking := lacks(); lacking {
		return fmt.Errorf("%w: %s, and %s are free", errMemory, sizeOf(takes), sizeOf(free))
	}
	return nil
}

// sizeOf is a number of bytes for people.
func sizeOf(bytes int64) string {
	if bytes < 1e9 {
		return fmt.Sprintf("%.0f MB", float64(bytes)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
}

// freeMemory is what the machine and the control groups of this process (containers, Slurm jobs) have left, in bytes, where one of
// them tells.
func freeMemory(proc, cgroup string) (int64, bool) {
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

// numberIn is the number that a file holds, or −1.
func numberIn(path string) int64 {
	b, err := os.ReadFile(path)
	if err != nil {
		return -1
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// copies is how many times the decoded image an encryption or a decryption holds at its height, with what is garbage already.
const copies = 4

// streamMemory is how much it takes to seal a file or to open one, however long it is, in bytes.
const streamMemory = 16 << 20

// thumbnailMemory is how much it takes to make a thumbnail of an image, in bytes: PNGs are made smaller while they are read.
func thumbnailMemory(path string) int64 {
	if startsWith(path, "\x89PNG") {
		return streamMemory
	}
	return memoryOf(path) / 2
}

// memoryOf is how much memory, in bytes, the work on a file takes: as its header says or, of what is no image, its length.
func memoryOf(path string) int64 {
	f, err := openRegular(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	bytes := info.Size()
	if c, _, err := image.DecodeConfig(f); err == nil {
		// 8 bytes a pixel is the most there is. A header that lies is found out before anything is made of its size.
		bytes = max(bytes, min(int64(c.Width)*int64(c.Height)*bytesPerPixel(c), 1<<32))
	}
	return copies * bytes
}

// bytesPerPixel is how many bytes a pixel takes once it is decoded.
func bytesPerPixel(c image.Config) int64 {
	switch c.ColorModel {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	return 4
}
