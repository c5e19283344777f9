//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
)

// proxyEnginePeer is one of proxy-engine's ways to drive sessions, which takes
// so many descriptors for each.
func proxyEnginePeer(impl, binary string, descriptors int) peer {
	return peer{
		name: impl, descriptors: descriptors, version: []string{binary, "--version"},
		serves: map[workload]func(site) plan{
			workTCP:      func(s site) plan { return proxyEngineTCP(s, impl) },
			workTLS:      func(s site) plan { return proxyEngineTLS(s, impl) },
			workHTTP:     func(s site) plan { return proxyEngineHTTP(s, impl) },
			workPostgres: func(s site) plan { return proxyEnginePostgres(s, impl) },
		},
	}
}

func proxyEngineTCP(s site, impl string) plan {
	return plan{start: append(proxyEngine(s, impl),
		"--tcp", "echo@"+s.listen.String(), "--resolver", "fixed://"+s.backend.String())}
}

func proxyEngineTLS(s site, impl string) plan {
	start := append(proxyEngine(s, impl), "--tcp", "echo@"+s.listen.String(), "--tcp-backend", s.backend.String(),
		"--tls=on", "--tls-cert", s.file(tlsFile), "--tls-key", s.file(tlsFile))
	return plan{start: start, check: append(slices.Clone(start), "--check")}
}

func proxyEngineHTTP(s site, impl string) plan {
	return plan{start: append(proxyEngine(s, impl),
		"--http", s.listen.String(), "--http-backend", s.backend.String(), "--http-skip-validation")}
}

// proxyEnginePostgres routes by a file, each database by its own entry.
func proxyEnginePostgres(s site, impl string) plan {
	c := config{"routes.yaml", routes(s)}
	return plan{config: c, start: append(proxyEngine(s, impl),
		"--postgres", s.listen.String(), "--resolver", "file://"+s.file(c.name))}
}

// proxyEngine is what the command line of every workload begins with.
func proxyEngine(s site, impl string) []string {
	return []string{s.proxyEngine, "--impl", impl, "--event-loops", fmt.Sprint(s.threads), "--skip-validation"}
}

func routes(s site) string {
	var text strings.Builder
	text.WriteString("routes:\n")
	for _, name := range databases() {
		fmt.Fprintf(&text, "  %s: {endpoint: \"%s\"}\n", name, s.backend)
	}
	return text.String()
}
