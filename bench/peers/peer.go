//go:build linux

package main

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// peer is a proxy that can be measured.
type peer struct {
	name string
	// commands returns how to start it, listening at one address in front of
	// a backend at another, in a directory of its own; and how to check
	// beforehand that it can be started, nil for no check.
	commands func(o options, dir string, listen, backend netip.AddrPort) (start, check []string, err error)
	// config is the file in that directory that commands writes, if it does.
	config string
	// descriptors is how many it needs per idle session, which bounds the
	// sessions it can hold.
	descriptors int
	// version is the command that prints it.
	version []string
}

// direct is the name under which the backend is measured without a proxy.
const direct = "direct"

// reference is the peer the others' results are divided by.
const reference = "haproxy"

// The names of configuration files.
const (
	haproxyConfig = "haproxy.cfg"
	nginxConfig   = "nginx.conf"
)

func peerNames() []string {
	names := []string{direct}
	for _, p := range peers(options{}) {
		names = append(names, p.name)
	}
	return names
}

func peers(o options) []peer {
	return []peer{
		{"haproxy", haproxy(""), haproxyConfig, 2, []string{"haproxy", "-v"}},
		{"haproxy-splice", haproxy("  option splice-auto\n"), haproxyConfig, 2, []string{"haproxy", "-v"}},
		{"nginx", nginx, nginxConfig, 2, []string{"nginx", "-v"}},
		{"reactor", proxyEngine("reactor"), "", 2, []string{o.proxyEngine, "--version"}},
		// Package net's splice keeps a pipe per direction while it waits.
		{"goroutine", proxyEngine("goroutine"), "", 6, []string{o.proxyEngine, "--version"}},
	}
}

type commandsFunc = func(options, string, netip.AddrPort, netip.AddrPort) (start, check []string, err error)

func proxyEngine(impl string) commandsFunc {
	return func(o options, _ string, listen, backend netip.AddrPort) (start, check []string, err error) {
		start = []string{
			o.proxyEngine, "--impl", impl, "--event-loops", fmt.Sprint(o.threads),
			"--tcp", "echo@" + listen.String(), "--resolver", "fixed://" + backend.String(), "--skip-validation",
		}
		return start, nil, nil
	}
}

func haproxy(extra string) commandsFunc {
	return func(o options, dir string, listen, backend netip.AddrPort) (start, check []string, err error) {
		path, err := writeConfig(dir, haproxyConfig, fmt.Sprintf(`global
  nbthread %d
  maxconn 9900
defaults
  mode tcp
%s  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen peer
  bind %s
  server backend %s
`, o.threads, extra, listen, backend))
		return []string{"haproxy", "-db", "-f", path}, []string{"haproxy", "-c", "-f", path}, err
	}
}

// nginxStream is where Debian puts the stream module; elsewhere it is mostly
// built in.
const nginxStream = "/usr/lib/nginx/modules/ngx_stream_module.so"

func nginx(o options, dir string, listen, backend netip.AddrPort) (start, check []string, err error) {
	load := ""
	if _, missing := os.Stat(nginxStream); missing == nil {
		load = "load_module " + nginxStream + ";\n"
	}
	path, err := writeConfig(dir, nginxConfig, fmt.Sprintf(`%sdaemon off;
pid %s/nginx.pid;
error_log %s/error.log;
worker_processes %d;
worker_rlimit_nofile 20000;
events { worker_connections 19000; }
stream {
  server {
    listen %s reuseport backlog=4096;
    proxy_pass %s;
    proxy_timeout 1h;
    tcp_nodelay on;
  }
}
`, load, dir, dir, o.threads, listen, backend))
	return []string{"nginx", "-c", path}, []string{"nginx", "-t", "-c", path}, err
}

func writeConfig(dir, name, text string) (string, error) {
	path := filepath.Join(dir, name)
	return path, os.WriteFile(path, []byte(text), 0o644)
}

// holds returns how many of the sessions wanted the peer can hold when it may
// open so many descriptors, some of which it needs for itself.
func (p peer) holds(wanted, limit int) int {
	const own = 500
	return max(min(wanted, (limit-own)/p.descriptors), 1)
}

// versionOf returns the first line a peer's version command prints.
func (p peer) versionOf() string {
	out, err := exec.Command(p.version[0], p.version[1:]...).CombinedOutput()
	if err != nil {
		return "version unknown: " + err.Error()
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line
}
