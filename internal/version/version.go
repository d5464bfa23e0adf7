// Package version says which keygan this is.
package version

import (
	"runtime/debug"
	"strings"
)

// release is the version of a release: scripts/dist has the linker set it to what git describe says.
var release string

// String is the version of a release, else the module's, with the commit where Go recorded one.
func String() string {
	if release != "" {
		return release
	}
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
