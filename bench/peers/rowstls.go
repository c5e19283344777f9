//go:build linux

package main

import "time"

const (
	// tlsFile is the file that has the certificate of the TLS rows, and its key.
	tlsFile = "tls.pem"
	// tlsHost is what it is for.
	tlsHost = "bench.example"
	// What is agreed on in every TLS row, so that all peers do the same
	// arithmetic: AES-128 is what crypto/tls chooses, and X25519 what OpenSSL 3.0
	// knows of the key exchanges that crypto/tls offers first.
	tlsSuite = "TLS_AES_128_GCM_SHA256"
	tlsCurve = "X25519"
	// tlsRamp is about how many TLS sessions can be opened per second where
	// generator and peer share two cores.
	tlsRamp = 1200
)

// tlsRows are the clients' side under TLS, the backend's in the clear.
func tlsRows() []row {
	return []row{
		overTLS(idle("tls-idle", "idle TLS session after one exchange", "0")),
		overTLS(idle("tls-idle-64k", "idle TLS session after 64 KiB each way", "64KiB")),
		overTLS(handshakes("tls-rate", "TLS: connect, full handshake, exchange, close")),
		overTLS(handshakes("tls-resume", "TLS: the same, sessions resumed", "--tls-resume")),
		overTLS(exchanges("tls-rr1k-50", "TLS: 1 KiB, 50 connections", "1KiB", 50)),
		overTLS(bulk("tls-bulk-down", "TLS: one bulk connection, download", backendFlood, "download")),
	}
}

func handshakes(id, title string, more ...string) row {
	return row{
		id: id, title: title, backend: backendEcho,
		load:    timed("rate", 50, append([]string{"--payload", "64"}, more...)...),
		metrics: []metric{rateOf("handshakes"), cpuPer("handshake", "%.1f"), latencyP99()},
		takes:   spanTakes,
	}
}

// overTLS has a row's clients speak TLS.
func overTLS(r row) row {
	r.workload = workTLS
	plain, takes := r.load, r.takes
	r.load = func(o options) []string {
		return append(plain(o), "--tls", "--tls-ca", o.certificate, "--tls-server-name", tlsHost,
			"--tls-min", "1.3", "--tls-curve", tlsCurve)
	}
	if r.proxied {
		r.takes = func(o options) time.Duration {
			return takes(o) + time.Duration(o.sessions)*time.Second/tlsRamp
		}
	}
	return r
}
