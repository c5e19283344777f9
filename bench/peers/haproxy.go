//go:build linux

package main

import "fmt"

// haproxyPeer is HAProxy, with more lines for its defaults section in TCP mode.
func haproxyPeer(name, extra string) peer {
	relay := func(s site) plan { return haproxy(s, haproxyTCP(s, extra)) }
	p := peer{
		name: name, descriptors: 2, version: []string{installed("haproxy"), "-v"},
		serves: map[workload]func(site) plan{workTCP: relay},
	}
	if extra == "" {
		p.serves[workTLS] = func(s site) plan { return haproxy(s, haproxyTLS(s)) }
		p.serves[workPostgres] = relay
		p.serves[workHTTP] = func(s site) plan { return haproxy(s, haproxyHTTP(s)) }
	}
	return p
}

func haproxy(s site, text string) plan {
	c := config{"haproxy.cfg", text}
	binary, path := installed("haproxy"), s.file(c.name)
	return plan{config: c, check: []string{binary, "-c", "-f", path}, start: []string{binary, "-db", "-f", path}}
}

// haproxyMaxconn is as many sessions as 20,000 descriptors hold.
const haproxyMaxconn = 9900

func haproxyTCP(s site, extra string) string { return haproxyRelay(s, extra, "") }

// haproxyTLS agrees on what the others agree on; by itself it prefers AES-256.
func haproxyTLS(s site) string {
	return haproxyRelay(s, "", fmt.Sprintf(" ssl crt %s ssl-min-ver TLSv1.3 ciphersuites %s curves %s", s.file(tlsFile), tlsSuite, tlsCurve))
}

// haproxyRelay has more lines for the defaults section, and more words for what
// it listens at.
func haproxyRelay(s site, extra, bind string) string {
	return fmt.Sprintf(`global
  nbthread %d
  maxconn %d
defaults
  mode tcp
%s  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen peer
  bind %s%s
  server backend %s
`, s.threads, haproxyMaxconn, extra, s.listen, bind, s.backend)
}

// haproxyHTTP lets any request use any idle connection to the backend, as
// nginx does: with the default, the first request of each client opens one.
func haproxyHTTP(s site) string {
	return fmt.Sprintf(`global
  nbthread %d
  maxconn %d
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen peer
  bind %s
  server backend %s
`, s.threads, haproxyMaxconn, s.listen, s.backend)
}
