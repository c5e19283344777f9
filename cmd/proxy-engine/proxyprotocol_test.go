package main

import (
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/smtp"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// TestListenersHeaders: what backends are told by, by the settings for all, for
// SMTP, and by a listener's own.
func TestListenersHeaders(t *testing.T) {
	for args, want := range map[string]string{
		"--http 1 --smtp 2":                               "http:none smtp:none",
		"--http 1 --smtp 2 --backend-proxy-protocol=v1":   "http:v1 smtp:v1",
		"--http 1 --smtp 2 --smtp-client-header=proxy-v2": "http:none smtp:v2",
		"--http 1 --smtp 2 --smtp-client-header=xclient":  "http:none smtp:none",
		"--http 1 --smtp 2 --smtps 3?backend-proxy-protocol=none --smtp-client-header=proxy-v2 --backend-proxy-protocol=v1": "http:v1 smtp:v2 smtps:none",
		"--postgres 1 --postgres 2?backend-proxy-protocol=v2 --backend-proxy-protocol=v1":                                   "postgres:v1 postgres-2:v2",
	} {
		s, _ := parsed(t, nil, strings.Fields(args)...)
		s.server = new(tlsterm.Server)
		var got []string
		for _, l := range s.listeners() {
			got = append(got, l.Name+":"+l.BackendHeader.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s, want %s", args, got, want)
		}
	}
}

// TestClientLimits: the settings come to the engine's configuration.
func TestClientLimits(t *testing.T) {
	s, _ := parsed(t, nil, strings.Fields("--postgres 1 --max-sessions-per-client 5 --session-rate-per-client 6 --client-prefix 24,56 "+
		"--limit-exempt 10.0.0.0/8,::1 --proxy-protocol-from 192.0.2.1 --smtp-client-header xclient")...)
	o := s.engine.Limits
	if o.Sessions != 5 || o.Rate != 6 || o.IPv4 != 24 || o.IPv6 != 56 || len(o.Exempt) != 2 {
		t.Errorf("limits: %+v", o)
	}
	if from := s.engine.ProxyProtocolFrom; len(from) != 1 || from[0].String() != "192.0.2.1/32" {
		t.Errorf("proxies: %v", from)
	}
	if s.smtpHeader.words != smtp.XClient {
		t.Errorf("SMTP: %v", s.smtpHeader)
	}
}
