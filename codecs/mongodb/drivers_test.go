package mongodb

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/naming"
	"github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"
)

// hidden is the only host the servers' hello tells of. Nobody can reach it.
const hidden = "hidden.invalid:27017"

// eachDriver runs a test with each client program.
func eachDriver(t *testing.T, test func(t *testing.T, d mongoprograms.Driver)) {
	for _, d := range mongoprograms.Drivers() {
		t.Run(d.String(), func(t *testing.T) { test(t, d) })
	}
}

// uri is a connection string for the proxy.
func uri(p *proxy, login, rest string) string {
	return "mongodb://" + login + p.address() + "/" + rest
}

const quick = "?heartbeatFrequencyMS=500"

// work is a client's job.
func work(uri, database string, count int, another string) mongoprograms.Job {
	return mongoprograms.Job{URI: uri, Database: database, Count: count, Another: another, Beats: 2}
}

// worked is the report of a client all whose work was done, with the topology
// hidden.
func worked(count int) mongoprograms.Report {
	return mongoprograms.Report{Found: count, Modified: 1, Msg: "isdbgrid", Retryable: true}
}

func TestDriversWithoutAuthentication(t *testing.T) {
	shop, crm := ferret(t, mongoprograms.ServerOptions{Member: hidden}), ferret(t, mongoprograms.ServerOptions{Member: hidden})
	eachDriver(t, func(t *testing.T, d mongoprograms.Driver) {
		database := strings.ReplaceAll(t.Name(), "/", "_")
		p := serve(t, Options{}, map[string]string{database: shop, "also": shop, "crm": crm})
		if r := runClient(t, d, work(uri(p, "", quick), database, 200, "")); r != worked(200) {
			t.Errorf("%+v", r)
		}
		if r := runClient(t, d, work(uri(p, "", quick), database+"_", 200, "")); r.Code != 26 || !strings.Contains(r.Error, "does not exist") {
			t.Errorf("an unknown database: %+v", r)
		}
		if r := runClient(t, d, work(uri(p, "", quick), database, 1, "also")); r.Error != "" {
			t.Errorf("another database of the same backend: %+v", r)
		}
		if r := runClient(t, d, work(uri(p, "", quick), database, 1, "crm")); r.Code != 13 || !strings.Contains(r.Error, detailElsewhere) {
			t.Errorf("another backend's database: %+v", r)
		}
		if slices.Contains(p.asked(), "admin") {
			t.Errorf("routed to %q", p.asked())
		}
	})
}

func TestDriversLogIn(t *testing.T) {
	shop := ferret(t, login("shop"))
	eachDriver(t, func(t *testing.T, d mongoprograms.Driver) {
		p := serve(t, Options{}, map[string]string{"shop": shop})
		for _, mechanism := range []string{"", "&authMechanism=SCRAM-SHA-1", "&authMechanism=SCRAM-SHA-256"} {
			r := runClient(t, d, work(uri(p, "alice:secret@", "shop"+quick+mechanism), "shop_"+t.Name()[len("TestDriversLogIn/"):]+fmt.Sprint(len(mechanism)), 20, ""))
			if r != worked(20) {
				t.Errorf("%q: %+v", mechanism, r)
			}
		}
		r := runClient(t, d, work(uri(p, "alice:wrong@", "shop"+quick), "shop", 20, ""))
		if r.Error == "" || r.Found != 0 {
			t.Errorf("a wrong password: %+v", r)
		}
		r = runClient(t, d, work(uri(p, "alice:secret@", quick), "shop", 20, ""))
		if !strings.Contains(r.Error, detailUsersDatabase) {
			t.Errorf("a user of admin: %+v", r)
		}
		if asked := p.asked(); slices.ContainsFunc(asked, func(id string) bool { return id != "shop" && id != "admin" }) {
			t.Errorf("routed to %q", asked)
		}
	})
}

// A user of the database admin is routed by the application's name.
func TestDriversNameTheApplication(t *testing.T) {
	pattern, err := naming.CompilePattern("^tenant-(.+)$")
	must(t, err)
	backend := ferret(t, login("admin"))
	eachDriver(t, func(t *testing.T, d mongoprograms.Driver) {
		p := serve(t, Options{ApplicationPattern: pattern}, map[string]string{"shop": backend})
		r := runClient(t, d, work(uri(p, "alice:secret@", quick+"&appName=tenant-shop"), strings.ReplaceAll(t.Name(), "/", "_"), 20, "crm"))
		if r != worked(20) {
			t.Errorf("%+v", r)
		}
	})
}

func TestDriversSeeTheTopologyShown(t *testing.T) {
	backend := ferret(t, mongoprograms.ServerOptions{Member: hidden})
	eachDriver(t, func(t *testing.T, d mongoprograms.Driver) {
		database := strings.ReplaceAll(t.Name(), "/", "_")
		p := serve(t, Options{ShowTopology: true}, map[string]string{database: backend})
		r := runClient(t, d, work(uri(p, "", quick), database, 20, ""))
		if want := (mongoprograms.Report{Found: 20, Modified: 1, Hosts: true, Retryable: true}); r != want {
			t.Errorf("%+v, want %+v", r, want)
		}
	})
}

func TestDriversHearThatTheBackendIsAway(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	away := listener.Addr().String()
	listener.Close()
	eachDriver(t, func(t *testing.T, d mongoprograms.Driver) {
		p := serve(t, Options{}, map[string]string{"shop": away})
		for _, login := range []string{"", "alice:secret@"} {
			r := runClient(t, d, work(uri(p, login, "shop"+quick), "shop", 20, ""))
			if !strings.Contains(r.Error, "is not accepting connections") || login == "" && r.Code != 6 {
				t.Errorf("login %q: %+v", login, r)
			}
		}
	})
}

// An insertMany of the longest messages.
func TestDriverInsertsMuch(t *testing.T) {
	backend := ferret(t, mongoprograms.ServerOptions{})
	p := serve(t, Options{}, map[string]string{"shop": backend})
	const count = 45_000 // of a little more than 1000 bytes
	if r := runClient(t, mongoprograms.Go, work(uri(p, "", quick), "shop", count, "")); r != worked(count) {
		t.Errorf("%+v", r)
	}
}
