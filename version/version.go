// Package version says which keygan this is.
package version

import (
	"runtime/debug"
	"strings"
)

// String is the module's version, with the commit where Go recorded one.
func String() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version := info.Main.Version
	if version == "" {
		version = "(devel)"
	}
	for _, s := range info.Settings {
		if commit := s.Value[:min(12, len(s.Value))]; s.Key == "vcs.revision" && !strings.Contains(version, commit) {
			version += " " + commit
		}
	}
	return version
}
