// Package cpumodel names the processor, for records of what numbers were made on.
package cpumodel

import (
	"bufio"
	"os"
	"runtime"
	"strings"
)

// Name is the processor's name where the system tells it, else its architecture.
func Name() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, found := strings.Cut(lines.Text(), ":"); found && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
