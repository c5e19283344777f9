package main

import (
	"crypto/tls"
	"strings"

	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// tlsRows are the settings of TLS, of clients and of backends.
func tlsRows(s *settings) []*setting {
	return append(clientTLSRows(s), backendTLSRows(s)...)
}

func clientTLSRows(s *settings) []*setting {
	c := &s.clientTLS
	return []*setting{
		{flag: "tls", env: "PROXY_TLS_ENABLED", original: "PROXY_TLS_ENABLED", meta: "MODE", choices: []string{"off", "on", "require", "passthrough"},
			value: scalar[tlsMode]{&s.tls, parseTLSMode, tlsMode.String},
			usage: "TLS on all listeners but --http, --https and --smtps: off, on (offered; TCP and MongoDB: from the first byte), require, or passthrough " +
				"(isn't terminated; routed by the name the client asks for, SNI; not with MySQL and SMTP). true and false mean on and off."},
		{flag: "tls-cert", env: "PROXY_TLS_CERT", original: "certificate", meta: "FILE",
			value: list[string]{&s.certs, parseText, asIs},
			usage: "Certificate with its chain, PEM. Repeatable, each with its --tls-key: the one for the name a client asks for is used, " +
				"or the first. Files are watched and taken over when they change."},
		{flag: "tls-key", env: "PROXY_TLS_KEY", original: "key", meta: "FILE",
			value: list[string]{&s.keys, parseText, asIs},
			usage: "Private key of the --tls-cert at the same place, PEM."},
		{flag: "tls-ca", env: "PROXY_TLS_CA", original: "ca", meta: "FILE",
			value: scalar[string]{&c.ClientCA, parseText, asIs},
			usage: "CAs of client certificates, PEM: clients are asked for one, and refused if it isn't valid."},
		{flag: "tls-require-client-cert", env: "PROXY_TLS_REQUIRE_CLIENT_CERT", original: "requireClientCert",
			value: boolean(&c.RequireClientCert),
			usage: "Refuse clients without a certificate (mutual TLS)."},
		{flag: "tls-min-version", meta: "VERSION", choices: []string{"1.2", "1.3"}, value: tlsVersion(&c.MinVersion),
			usage: "The lowest version spoken with clients: 1.2 or 1.3."},
		{flag: "tls-ciphers", meta: "SUITES", value: cipherSuites(&c.CipherSuites), auto: "ECDHE with an AEAD",
			usage: "Cipher suites of TLS 1.2 with clients, by their standard names. Those of TLS 1.3 can't be chosen."},
		{flag: "tls-handshakes", fixed: true, meta: "N", value: atLeastOne(&s.engine.TLS.Handshakes),
			usage: "The most TLS handshakes at once; further clients wait, and slow ones lose their place to them."},
		{flag: "tls-handshake-timeout", meta: "TIME", value: someTime(&s.engine.Timeouts.Handshake),
			usage: "How long a TLS handshake may take, with a client or a backend."},
	}
}

func backendTLSRows(s *settings) []*setting {
	b := &s.backendCerts
	return []*setting{
		{flag: "backend-tls", meta: "MODE", choices: []string{"off", "prefer", "require", "verify-ca", "verify-full"},
			value: scalar[tlsterm.Verify]{&s.backendTLS, tlsterm.ParseVerify, tlsterm.Verify.String},
			usage: "TLS to backends: off, prefer (not TCP, HTTP and MongoDB), require, verify-ca or verify-full, as libpq's sslmode. " +
				"A route's metadata may say otherwise: " + metadataTLS + "."},
		{flag: "backend-tls-ca", meta: "FILE", value: scalar[string]{&b.CA, parseText, asIs}, auto: "the system's",
			usage: "CAs that backends' certificates are verified with, PEM."},
		{flag: "backend-tls-cert", meta: "FILE", value: scalar[string]{&b.Cert, parseText, asIs},
			usage: "Certificate shown to backends that ask for one, PEM."},
		{flag: "backend-tls-key", meta: "FILE", value: scalar[string]{&b.Key, parseText, asIs},
			usage: "Its private key, PEM."},
	}
}

func tlsVersion(at *uint16) value {
	*at = tls.VersionTLS12
	return scalar[uint16]{at, tlsterm.ParseMinVersion, func(v uint16) string { return strings.TrimPrefix(tls.VersionName(v), "TLS ") }}
}

func cipherSuites(at *[]uint16) value {
	return scalar[[]uint16]{at, tlsterm.ParseCipherSuites, func(ids []uint16) string {
		names := make([]string, len(ids))
		for i, id := range ids {
			names[i] = tls.CipherSuiteName(id)
		}
		return strings.Join(names, ",")
	}}
}
