//go:build linux

package main

import (
	"slices"
	"testing"
	"time"
)

func TestNamesAreDistinct(t *testing.T) {
	for what, names := range map[string][]string{
		"rows and workloads": append(workloadNames(), rowIDs()...),
		"peers":              peerNames(),
	} {
		slices.Sort(names)
		if distinct := slices.Compact(slices.Clone(names)); len(distinct) != len(names) {
			t.Errorf("%s: two of the same name in %q", what, names)
		}
	}
}

func TestEveryRowCanBeMeasured(t *testing.T) {
	o := options{duration: time.Second, sessions: 100, threads: 2}
	backends := []string{backendEcho, backendFlood, backendSink, backendHTTP, backendPostgres}
	for _, r := range rows() {
		served := slices.ContainsFunc(peers(""), func(p peer) bool { return p.serves[r.workload] != nil })
		if served == (r.rival != nil) {
			t.Errorf("%s: served by a peer is %v, compares generators is %v", r.id, served, r.rival != nil)
		}
		if r.title == "" || len(r.metrics) == 0 || !slices.Contains(backends, r.backend) {
			t.Errorf("%s: title %q, %d metrics, backend %q", r.id, r.title, len(r.metrics), r.backend)
		}
		if len(r.load(o)) == 0 || r.takes(o) <= 0 {
			t.Errorf("%s: load %q takes %v", r.id, r.load(o), r.takes(o))
		}
	}
}

func TestReferenceServesEveryWorkload(t *testing.T) {
	i := slices.IndexFunc(peers(""), func(p peer) bool { return p.name == reference })
	for w := range workGenerators {
		if peers("")[i].serves[w] == nil {
			t.Errorf("%s has nothing for %v", reference, w)
		}
	}
}

func TestChosenRows(t *testing.T) {
	for _, c := range []struct {
		rows []string
		id   string
		want bool
	}{
		{nil, "idle", true},
		{nil, "tls-idle", false},
		{[]string{"tls"}, "tls-idle", true},
		{[]string{"idle"}, "idle", true},
		{[]string{"tcp"}, "idle", true},
		{[]string{"http", "gen-rr"}, "idle", false},
		{[]string{"http", "gen-rr"}, "gen-rr", true},
		{[]string{"generators"}, "gen-http", true},
	} {
		if got := rowOf(c.id).chosen(options{rows: c.rows}); got != c.want {
			t.Errorf("%q choose %s: %v", c.rows, c.id, got)
		}
	}
}

func TestLoadtestWords(t *testing.T) {
	o := options{duration: 2500 * time.Millisecond, sessions: 100, threads: 2, certificate: "/dir/tls.pem"}
	at := &instance{at: someAddress}
	for id, want := range map[string][]string{
		"idle": {
			"loadtest", "hold", "--sessions", "100", "--ramp", "6000", "--touch", "0", "--payload", "64", "--hold", "625ms",
			"--target", "127.0.0.1:7", "--loops", "2", "--json", "--quiet",
		},
		"http-new": {
			"loadtest", "http", "--conns", "50", "--host", "bench.example", "--path", "/", "--payload", "1KiB", "--check", "tag",
			"--new-connections", "--warm-up", "312.5ms", "--duration", "2.5s",
			"--target", "127.0.0.1:7", "--loops", "2", "--json", "--quiet",
		},
		"tls-resume": {
			"loadtest", "rate", "--conns", "50", "--payload", "64", "--tls-resume", "--warm-up", "312.5ms", "--duration", "2.5s",
			"--tls", "--tls-ca", "/dir/tls.pem", "--tls-server-name", "bench.example", "--tls-min", "1.3", "--tls-curve", "X25519",
			"--target", "127.0.0.1:7", "--loops", "2", "--json", "--quiet",
		},
		"pg-select": {
			"loadtest", "pg", "--conns", "50", "--user", "postgres", "--database", "bench1,bench2,bench3,bench4",
			"--warm-up", "312.5ms", "--duration", "2.5s", "--target", "127.0.0.1:7", "--loops", "2", "--json", "--quiet",
		},
		"gen-rr": {
			"loadtest", "rr", "--conns", "50", "--payload", "1KiB", "--warm-up", "375ms", "--duration", "3s",
			"--target", "127.0.0.1:7", "--loops", "2", "--json", "--quiet",
		},
	} {
		if got := loadtestWords("loadtest", rowOf(id), o, at); !slices.Equal(got, want) {
			t.Errorf("%s: got\n%q\nwant\n%q", id, got, want)
		}
	}
}
