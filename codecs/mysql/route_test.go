package mysql

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/naming"
)

func TestRoutingOrder(t *testing.T) {
	pattern, err := naming.CompilePattern(`^db-([a-z]+)`)
	if err != nil {
		t.Fatal(err)
	}
	all := Options{UserSeparator: "@", RouteBySNI: true}
	for _, test := range []struct {
		name                             string
		options                          Options
		database, user, attribute, value string
		serverName                       string
		want                             string // "" is none
	}{
		{"database first", all, "shop", "alice@byuser", DefaultAttribute, "byattribute", "bysni", "shop"},
		{"then the user", all, "", "alice@byuser", DefaultAttribute, "byattribute", "bysni", "byuser"},
		{"then the attribute", all, "", "alice", DefaultAttribute, "byattribute", "bysni", "byattribute"},
		{"then the server name", all, "", "alice", "", "", "BySNI", "bysni"},
		{"then nothing", all, "", "alice", "", "", "", ""},
		{"the last separator", all, "", "alice@mail@byuser", "", "", "", "byuser"},
		{"nothing behind the separator", all, "", "alice@", DefaultAttribute, "byattribute", "", "byattribute"},
		{"no form", Options{}, "", "alice@byuser", "", "", "", ""},
		{"a longer separator", Options{UserSeparator: "::"}, "", "alice::byuser", "", "", "", "byuser"},
		{"no server name", Options{}, "", "alice", "", "", "bysni", ""},
		{"another attribute", Options{Attribute: "tenant"}, "", "alice", "tenant", "x", "", "x"},
		{"not that attribute", Options{Attribute: "tenant"}, "", "alice", DefaultAttribute, "x", "", ""},
		{"an empty attribute", Options{}, "", "alice", DefaultAttribute, "", "", ""},
		{"a pattern", Options{ResourcePattern: pattern}, "db-shop.reports", "alice", "", "", "", "shop"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.options.TLS = TLSOffered
			p := aliceResponse().in(test.database)
			p.user, p.attributes = []byte(test.user), attributesOf("other", "y", test.attribute, test.value)
			s := start(t, test.options)
			s.Client(p.sslRequest())
			s.Secured(codecs.TLS{ServerName: test.serverName})
			s.Client(p.packet(2))
			if test.want == "" {
				if s.Action != codecs.Fail || parseERR(t, s.Refuse(s.Failure)).code != 1046 {
					t.Errorf("action %d, resource %q", s.Action, s.Resource)
				}
				return
			}
			if s.Action != codecs.Route || string(s.Resource) != test.want {
				t.Errorf("action %d, resource %q, want %q", s.Action, s.Resource, test.want)
			}
		})
	}
}

func TestNameWithoutResource(t *testing.T) {
	pattern, err := naming.CompilePattern(`^db-(.+)`)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{ResourcePattern: pattern})
	s.Client(aliceResponse().in("sh\x1bop").packet(1))
	got := parseERR(t, s.Refuse(s.Failure))
	if s.Action != codecs.Fail || got != (said{2, 1049, "42000", `Unknown database "sh?op"`}) {
		t.Errorf("action %d, refused with %+v", s.Action, got)
	}
}

// Broken attributes name nothing, and hurt nobody: the backend judges them.
func TestBrokenAttributes(t *testing.T) {
	for _, broken := range []string{"\x05ab", "\x01a", "\xfb", "\xff\x00", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff"} {
		p := aliceResponse()
		p.attributes = append(attributesOf("a", "b"), broken...)
		s := start(t, Options{})
		s.Client(p.packet(1))
		if s.Failure.Detail != detailNoDatabase {
			t.Errorf("%q: action %d, %+v", broken, s.Action, s.Failure)
		}
	}
}

func TestRoutingAllocatesNothing(t *testing.T) {
	in := aliceResponse().in("shop").packet(1)
	c := Front(Options{UserSeparator: "@"}).New().(*codec)
	c.Start()
	allocations := testing.AllocsPerRun(100, func() {
		c.client.next, c.phase = 1, phaseResponse
		if step := c.Client(in); step.Action != codecs.Route {
			t.Fatalf("action %d", step.Action)
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}
