//go:build linux

package main

import (
	"os"
	"testing"
)

// TestMain also is loadtest itself, for the processes that tests start and
// those that loadtest starts by itself: a test binary's own arguments begin
// with a dash.
func TestMain(m *testing.M) {
	if name, _ := firstWord(os.Args[1:]); name != "" {
		main()
		return
	}
	// A process under the race detector rests for a second before it exits.
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	os.Exit(m.Run())
}
