//go:build linux

package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/loadtest/secure/throwaway"
)

// TestTLS has loadtest speak TLS with its own backend.
func TestTLS(t *testing.T) {
	file := filepath.Join(t.TempDir(), "certificate.pem")
	if err := (throwaway.Certificate{Names: []string{"cmd.example"}}).Write(file); err != nil {
		t.Fatal(err)
	}
	target := startBackend(t, "echo", "--tls-cert", file, "--tls-key", file)
	for flags, want := range map[string]string{
		"--tls-server-name cmd.example":                           "TLS 1.3, ",
		"--tls-server-name cmd.example --tls-max 1.2":             "TLS 1.2, ",
		"--tls-server-name cmd.example --tls-curve P-256":         "P-256",
		"--tls-server-name cmd.example --tls-resume --conns 1":    ", resumed",
		"--tls-server-name other.example --processes 2 --conns 4": "certificate: for another name",
	} {
		t.Run(flags, func(t *testing.T) {
			args := []string{"rate", "--quiet", "--target", target, "--warm-up", "0s", "--duration", "50ms", "--tls", "--tls-ca", file}
			var text bytes.Buffer
			err := run(t.Context(), append(args, strings.Fields(flags)...), &text)
			if !strings.Contains(text.String(), want) || (err != nil) != strings.Contains(flags, "other") {
				t.Errorf("%v: %s", err, text.String())
			}
		})
	}
}
