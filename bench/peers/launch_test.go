//go:build linux

package main

import (
	"strings"
	"testing"
)

func TestLaunchTellsWhyItEnded(t *testing.T) {
	listen, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{dir: t.TempDir()}
	_, err = b.launch(t.Context(), plan{start: []string{"sh", "-c", "echo no config; exit 1"}, copies: 2}, listen)
	if err == nil || !strings.Contains(err.Error(), "no config") {
		t.Errorf("error is %v, want the program's words", err)
	}
	if _, err := b.launch(t.Context(), plan{start: []string{"/no/such/program"}}, listen); err == nil {
		t.Error("a program that isn't there starts")
	}
}
