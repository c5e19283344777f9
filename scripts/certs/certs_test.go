//go:build linux

// Package certs runs scripts/certs.sh and uses what it makes.
package certs

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// made is a folder of certificates.
type made struct {
	t   *testing.T
	dir string
}

func (m made) path(name string) string { return filepath.Join(m.dir, name) }

// try runs the script for the folder.
func (m made) try(env ...string) (output string, ok bool) {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), "bash", "../certs.sh")
	cmd.Env = append(append(os.Environ(), "DIR="+m.dir, "FORCE="), env...)
	text, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	return string(text), err == nil
}

func (m made) must(env ...string) string {
	m.t.Helper()
	output, ok := m.try(env...)
	if !ok {
		m.t.Fatalf("certs.sh fails: %s", output)
	}
	return output
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// server opens the server's side of what was made.
func (m made) server() *tlsterm.Server {
	m.t.Helper()
	s, err := tlsterm.OpenServer(tlsterm.ServerOptions{
		Keypairs: []tlsterm.Keypair{
			{Cert: m.path("server.crt"), Key: m.path("server.key")},
			{Cert: m.path("tenant.crt"), Key: m.path("tenant.key")},
		},
		ClientCA: m.path("ca.crt"), RequireClientCert: true,
	})
	check(m.t, err)
	m.t.Cleanup(func() { check(m.t, s.Close()) })
	return s
}

// serve answers HTTPS requests with the client's name and the one it asked for.
func (m made) serve(config *tls.Config) (port string) {
	m.t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	check(m.t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.TLS.VerifiedChains[0][0].Subject.CommonName+" at "+r.TLS.ServerName)
	}), ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // returns when it is closed
	}()
	m.t.Cleanup(func() {
		check(m.t, server.Close())
		<-done
	})
	_, port, err = net.SplitHostPort(l.Addr().String())
	check(m.t, err)
	return port
}

// TestCertificates: the proxy and curl accept each other by what is made.
func TestCertificates(t *testing.T) {
	m := made{t, t.TempDir()}
	output := m.must()
	for _, word := range []string{"--tls-cert " + m.path("server.crt"), "--cacert " + m.path("ca.crt"), "sslmode=verify-full", "--tls-require-client-cert"} {
		if !strings.Contains(output, word) {
			t.Errorf("%q isn't among the lines to try:\n%s", word, output)
		}
	}
	s := m.server()
	port := m.serve(s.Config(nil))
	for _, host := range []string{"localhost", "alpha.localhost", "beta.localhost", "tenant.localhost"} {
		if got := m.curl(host, port); got != "client at "+host {
			t.Errorf("https://%s answers %q", host, got)
		}
	}
	if got := m.curl("127.0.0.1", port); got != "client at " {
		t.Errorf("https://127.0.0.1 answers %q", got)
	}
	for _, info := range s.Loaded() {
		if days := time.Until(info.NotAfter).Hours() / 24; days < 29 || days > 30 {
			t.Errorf("%s is valid for %.1f days", info.File, days)
		}
	}
}

func (m made) curl(host, port string) string {
	m.t.Helper()
	out, err := exec.CommandContext(m.t.Context(), "curl", "-q", "-sS", "--noproxy", "*", "--cacert", m.path("ca.crt"),
		"--cert", m.path("client.crt"), "--key", m.path("client.key"),
		"--resolve", host+":"+port+":127.0.0.1", "https://"+host+":"+port+"/").CombinedOutput()
	if err != nil {
		m.t.Errorf("curl %s: %v: %s", host, err, out)
	}
	return string(out)
}

// TestNames: the proxy as a client finds the names it should.
func TestNames(t *testing.T) {
	m := made{t, t.TempDir()}
	m.must()
	c, err := tlsterm.OpenClient(tlsterm.ClientOptions{CA: m.path("ca.crt"), Cert: m.path("client.crt"), Key: m.path("client.key")})
	check(t, err)
	defer func() { check(t, c.Close()) }()
	port := m.serve(m.server().Config(nil))
	for name, fits := range map[string]bool{
		"localhost": true, "any.localhost": true, "tenant.localhost": true, "127.0.0.1": true, "::1": true,
		"example.com": false, "a.b.localhost": false, "127.0.0.2": false,
	} {
		conn, err := tls.Dial("tcp", "127.0.0.1:"+port, c.Config(tlsterm.VerifyFull, name, nil))
		if err == nil {
			check(t, conn.Close())
		}
		if (err == nil) != fits {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestModes: keys are their owner's, and nothing else is left behind.
func TestModes(t *testing.T) {
	m := made{t, t.TempDir()}
	m.must()
	files, err := os.ReadDir(m.dir)
	check(t, err)
	if len(files) != 8 {
		t.Errorf("%d files are made: %v", len(files), files)
	}
	for _, f := range files {
		info, err := f.Info()
		check(t, err)
		if mode := info.Mode(); filepath.Ext(f.Name()) == ".key" && mode != 0o600 {
			t.Errorf("%s has mode %v", f.Name(), mode)
		}
	}
}

// TestOverwriting: what is there stays, unless it is forced.
func TestOverwriting(t *testing.T) {
	m := made{t, t.TempDir()}
	check(t, os.WriteFile(m.path("tenant.key"), []byte("precious"), 0o600))
	output, ok := m.try()
	if ok || !strings.Contains(output, "tenant.key is there already; FORCE=1 replaces it") {
		t.Errorf("certs.sh says: %s", output)
	}
	if left, err := filepath.Glob(m.path("*")); err != nil || len(left) != 1 || m.read("tenant.key") != "precious" {
		t.Errorf("%v is there, %v", left, err)
	}
	m.must("FORCE=1")
	first := m.read("ca.crt")
	m.must("FORCE=1")
	if m.read("ca.crt") == first {
		t.Error("the CA isn't replaced")
	}
	m.server()
}

func (m made) read(name string) string {
	m.t.Helper()
	text, err := os.ReadFile(m.path(name))
	check(m.t, err)
	return string(text)
}
