package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version describes the build: module version, commit and Go release.
func version() string {
	release, commit := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		release = info.Main.Version
		commit = describeCommit(info.Settings)
	}
	return fmt.Sprintf("proxy-engine %s%s %s %s/%s", release, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func describeCommit(settings []debug.BuildSetting) string {
	values := make(map[string]string)
	for _, s := range settings {
		values[s.Key] = s.Value
	}
	commit := values["vcs.revision"]
	if commit == "" {
		return ""
	}
	if values["vcs.modified"] == "true" {
		commit += ", modified"
	}
	return " (" + commit + ")"
}
