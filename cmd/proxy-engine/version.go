package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// stamped is the release's name where the linker was told one, see
// scripts/package/dist.sh; else it is the module's version.
var stamped = "(devel)"

// version describes the build: module version, commit and Go release.
func version() string {
	commit := describeCommit(buildSettings())
	return fmt.Sprintf("proxy-engine %s%s %s %s/%s", release(), commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func release() string {
	if info, ok := debug.ReadBuildInfo(); ok && stamped == "(devel)" {
		return info.Main.Version
	}
	return stamped
}

// buildSettings is what the go command noted of the build.
func buildSettings() map[string]string {
	values := make(map[string]string)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			values[s.Key] = s.Value
		}
	}
	return values
}

// buildDate is the day of the commit that was built, that of Go's own first
// release if it isn't known.
func buildDate() string {
	day, _, _ := strings.Cut(buildSettings()["vcs.time"], "T")
	return cmp.Or(day, "2012-03-28")
}

func describeCommit(values map[string]string) string {
	commit := values["vcs.revision"]
	if commit == "" {
		return ""
	}
	if values["vcs.modified"] == "true" {
		commit += ", modified"
	}
	return " (" + commit + ")"
}
