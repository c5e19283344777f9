package main

import (
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve/dns"
)

func TestDNSOptions(t *testing.T) {
	s := defaults()
	var f findings
	newTable(s).parse([]string{"--dns-server=10.0.0.2", "--dns-server", "[::1]:5353", "--dns-min-ttl=0", "--dns-negative-ttl=0", "--resolve-timeout=10", "--cache-stale=0"}, nil, &f)
	o := s.dnsOptions()
	if len(f.errs) != 0 || len(o.Servers) != 2 || o.Servers[0].String() != "10.0.0.2:53" || o.Servers[1].String() != "[::1]:5353" {
		t.Errorf("servers %v, %v", o.Servers, f.errs)
	}
	if o.MinTTL >= 0 || o.NegativeTTL >= 0 || o.StaleFor >= 0 || o.MaxTTL != dns.DefaultMaxTTL || o.Timeout != 9*time.Second {
		t.Errorf("%+v", o)
	}
}

func TestDNSSettings(t *testing.T) {
	for args, want := range map[string]struct{ fault, warning string }{
		"--dns=own":                           {},
		"--dns=system":                        {},
		"--dns=other":                         {fault: "want own or system"},
		"--dns-server=ns.test":                {fault: "neither an IP address"},
		"--dns-min-ttl=1h --dns-max-ttl=5m":   {fault: "--dns-min-ttl 1h is more than --dns-max-ttl 5m"},
		"--dns-max-ttl=0":                     {fault: "must be more than 0"},
		"--dns=system --dns-server=127.0.0.1": {warning: "--dns-server has no effect"},
	} {
		s := defaults()
		var f findings
		newTable(s).parse(strings.Fields(args), nil, &f)
		if s.lookup(&f) == nil {
			t.Errorf("%s: no lookup", args)
		}
		fault, warning := "", strings.Join(f.warnings, "\n")
		for _, err := range f.errs {
			fault += err.Error()
		}
		if (fault == "") != (want.fault == "") || !strings.Contains(fault, want.fault) || (warning == "") != (want.warning == "") || !strings.Contains(warning, want.warning) {
			t.Errorf("%s: faults %q, warnings %q, want %+v", args, fault, warning, want)
		}
	}
}

// TestLookup: both know this host, but only ours for how long.
func TestLookup(t *testing.T) {
	for names, told := range map[nameSource]bool{ownDNS: true, systemDNS: false} {
		s := defaults()
		s.names = names
		var f findings
		addrs, ttl, err := s.lookup(&f)(t.Context(), "localhost")
		if err != nil || len(addrs) == 0 || !addrs[0].IsLoopback() || (ttl > 0) != told {
			t.Errorf("%v: localhost is %v for %v, %v", names, addrs, ttl, err)
		}
	}
}
