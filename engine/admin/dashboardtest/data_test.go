package dashboardtest

import (
	"fmt"
	"math"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// hostile are names that clients may bring.
var hostile = []string{
	`<img src=x onerror="document.title='pwned'">`,
	"\u202egnp.exe\u202c rtl", // right-to-left override
	`"'></td><script>document.title='pwned'</script>`,
	"قاعدة_البيانات",
	"name-" + string(make([]byte, 0)) + "very-long-tenant-identifier-that-somebody-generated-0123456789abcdef0123456789abcdef0123456789abcdef",
}

// atWork puts an engine at work into a fake: two protocols, a few resources in every
// state, everything in order.
func atWork(f *fake) {
	f.stats = api.Stats{
		Time: began.Add(75 * time.Hour), Started: began, Version: "v1.4.0", Impl: "reactor", Active: 4210, MaxSessions: 100_000,
		Accepted: 918_223, Closed: map[string]uint64{"client_closed": 812_400, "backend_closed": 98_110, "idle_timeout": 3406, "client_gone": 97, "forbidden": 0, "connect_refused": 0},
		Requests: 2_204_118, Refused: map[string]uint64{}, FromClients: 88 << 30, ToClients: 412 << 30,
		Listeners: []api.Listener{
			{Name: "postgres", Protocol: "postgres", Address: "0.0.0.0:5432", Active: 3120, Accepted: 420_000, FromClients: 30 << 30, ToClients: 200 << 30},
			{Name: "web", Protocol: "http", Address: "0.0.0.0:443", Active: 1002, Accepted: 400_100, FromClients: 50 << 30, ToClients: 190 << 30},
			{Name: "mail", Protocol: "smtp", Address: "0.0.0.0:25", Active: 88, Accepted: 98_123, FromClients: 8 << 30, ToClients: 22 << 30},
		},
		Loops: []api.Loop{{Sessions: 1040, Lag: 0.0004}, {Sessions: 1071, Lag: 0.0009}, {Sessions: 1044, Lag: 0.0003}, {Sessions: 1055, Lag: 0.0012}},
		Phases: map[string]api.Phase{
			"securing": {Count: 500_000, Seconds: 900}, "detecting": {Count: 918_000, Seconds: 1500}, "resolving": {Count: 9000, Seconds: 41},
			"waking": {Count: 210, Seconds: 800}, "connecting": {Count: 420_000, Seconds: 330}, "opening": {Count: 420_000, Seconds: 1900}, "relaying": {Count: 400_000, Seconds: 9e6},
		},
		Routes:     api.Routes{Routes: 1840, Hits: 2_900_000, Asked: 31_000},
		ColdStarts: api.ColdStarts{Begun: 214, Ready: 212, Slowest: 11.8},
		Process:    api.Process{CPU: 81_000, Memory: 96 << 20, Heap: 41 << 20, Files: 8571, MaxFiles: 1_048_576, Goroutines: 61},
	}
	f.resources = resources()
	f.endpoints = []api.Endpoint{
		endpoint("10.0.4.11:5432", 1841), endpoint("10.0.4.12:5432", 1279), endpoint("10.0.9.3:8080", 610), endpoint("10.0.9.4:8080", 392), endpoint("10.0.7.2:25", 88),
	}
	f.sessions = sessions()
	f.log = api.Log{Level: "info", Sessions: "errors"}
}

func endpoint(name string, sessions int64) api.Endpoint {
	return api.Endpoint{Name: name, Sessions: sessions, Breaker: "closed", Forced: "auto", Health: "up",
		Attempts: map[string]uint64{"connected": uint64(sessions) * 90, "refused": 0}, FromClients: 5 << 30, ToClients: 70 << 30}
}

func resources() []api.Resource {
	var all []api.Resource
	add := func(protocol, name, state string, sessions int, endpoints ...string) {
		active := time.Now().Add(-time.Duration(len(all)*7) * time.Second)
		all = append(all, api.Resource{Protocol: protocol, Name: name, State: state, Sessions: sessions, Endpoints: endpoints,
			LastActivity: &active, FromClients: 1 << 30, ToClients: 8 << 30})
	}
	add("postgres", "orders_production", "ready", 1204, "10.0.4.11:5432", "10.0.4.12:5432")
	add("http", "shop.example.com", "ready", 640, "10.0.9.3:8080")
	add("postgres", "analytics", "ready", 612, "10.0.4.12:5432")
	add("http", "api.example.com", "ready", 322, "10.0.9.4:8080")
	add("smtp", "example.org", "ready", 88, "10.0.7.2:25")
	add("postgres", "billing", "draining", 41, "10.0.4.11:5432")
	add("postgres", "tenant_0817", "cold", 0)
	add("http", "old.example.com", "blocked", 0)
	return all
}

func sessions() []api.Session {
	var all []api.Session
	for i := range 12 {
		all = append(all, api.Session{ID: fmt.Sprintf("s-%d", i), Listener: "postgres", Protocol: "postgres", TLS: i%2 == 0,
			Client: fmt.Sprintf("192.0.2.%d:%d", 10+i, 40_000+i*37), Resource: "orders_production", Endpoint: "10.0.4.11:5432", Backend: "10.0.4.11:5432",
			State: "relaying", Age: float64(86_400/(i+1) - i), FromClients: uint64(i) * 71_003, ToClients: uint64(i) * 9_310_221})
	}
	return all
}

// busy is a tick: so much goes on in each second, in a gentle curve.
func busy(f *fake) {
	s := &f.stats
	wave := 1 + 0.35*math.Sin(float64(f.asked)/4) + 0.15*math.Sin(float64(f.asked)*1.7)
	for i, share := range []float64{0.5, 0.4, 0.1} {
		l := &s.Listeners[i]
		l.Accepted += uint64(140 * wave * share * 3)
		l.ToClients += uint64(52e6 * wave * share)
		l.FromClients += uint64(11e6 * wave * share)
	}
	s.Active = 4210 + int64(120*wave)
	s.Accepted += uint64(140 * wave)
	s.Closed["client_closed"] += uint64(130 * wave)
	s.Closed["backend_closed"] += 9
	s.ToClients += uint64(52e6 * wave)
	s.FromClients += uint64(11e6 * wave)
	s.Requests += uint64(880 * wave)
	s.Routes.Hits += uint64(990 * wave)
	s.Routes.Asked += 6
	s.Process.CPU += 0.61 * wave
	for i := range s.Loops {
		s.Loops[i].Busy += 0.14*wave + 0.02*float64(i)
	}
	for i, name := range []string{"securing", "detecting", "resolving", "connecting", "opening", "waking"} {
		p := s.Phases[name]
		p.Count += uint64(60 / (i + 1))
		p.Seconds += float64(p.Count%7) * 0.02 * float64(i+1)
		s.Phases[name] = p
	}
	for i := range f.resources {
		f.resources[i].ToClients += uint64(2e6 * wave * float64(f.resources[i].Sessions) / 100)
		f.resources[i].FromClients += uint64(3e5 * wave * float64(f.resources[i].Sessions) / 100)
	}
	for i := range f.endpoints {
		f.endpoints[i].ToClients += uint64(f.endpoints[i].Sessions) * 20_000
		f.endpoints[i].FromClients += uint64(f.endpoints[i].Sessions) * 3000
	}
}

// troubled makes an incident of it: a backend fails, resources wake, a loop is full.
func troubled(f *fake) {
	until := time.Now().Add(12 * time.Second)
	e := &f.endpoints[1]
	e.Breaker, e.Health, e.Trouble, e.Consecutive, e.Until = "open", "down", "refused", 9, &until
	e.Attempts["refused"] = 412
	e.Refused = 1881
	f.endpoints[3].Forced = "drain"
	f.stats.ColdStarts.Starting, f.stats.ColdStarts.Waiting = 2, 19
	f.stats.ColdStarts.UnderWay = []api.ColdStart{
		{Protocol: "postgres", Resource: "tenant_0817", Phase: "probing", Waiting: 16, Age: 34.2},
		{Protocol: "http", Resource: "preview-31.example.com", Phase: "waking", Waiting: 3, Age: 2.1},
	}
	f.resources[6].State, f.resources[6].Waiting = "starting", 16
	f.stats.Loops[2].Lag = 0.182
}
