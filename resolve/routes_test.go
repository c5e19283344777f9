package resolve

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

func TestParseRoutes(t *testing.T) {
	a := Result{Endpoint: "10.0.0.1:1"}
	full := Result{
		Endpoint: "10.0.0.1:1", Timeout: 5 * time.Second, TTL: -time.Second,
		Metadata: map[string]string{"database": "main", "shard": "007", "on": "true", "7": "1.50"},
	}
	tests := []struct {
		name, in string
		want     routeTable
	}{
		{"block style", "routes:\n  a:\n    endpoint: 10.0.0.1:1\n", routeTable{"a": a}},
		{"one line each", "routes:\n  a: {endpoint: 10.0.0.1:1}\n  b: {endpoint: '10.0.0.1:1'}\n", routeTable{"a": a, "b": a}},
		{"all fields", "routes:\n  a:\n    ttl: -1s\n    metadata:\n      database: main\n      shard: 007\n      on: true\n      7: 1.50\n" +
			"    timeout: 5s\n    endpoint: \"10.0.0.1:1\"\n", routeTable{"a": full}},
		{"several endpoints", "routes:\n  a:\n    endpoints:\n      - 10.0.0.1:1\n      - '10.0.0.2:1'\n    balance: least-sessions\n",
			routeTable{"a": {Endpoint: "10.0.0.1:1", Others: []string{"10.0.0.2:1"}, Balance: LeastSessions}}},
		{"one more endpoint", "routes:\n  a: {endpoints: ['10.0.0.2:1'], endpoint: 10.0.0.1:1, balance: first}\n",
			routeTable{"a": {Endpoint: "10.0.0.1:1", Others: []string{"10.0.0.2:1"}, Balance: First}}},
		{"asleep", "routes:\n  a: {endpoint: 10.0.0.1:1, state: cold, wake: 'https://api.internal/wake?id=a', drain: 30s, max_sessions: 100, session_rate: 10}\n",
			routeTable{"a": {Endpoint: "10.0.0.1:1", State: Cold, Wake: "https://api.internal/wake?id=a", Drain: 30 * time.Second, MaxSessions: 100, SessionRate: 10}}},
		{"flow style", "routes: {a: {endpoint: 10.0.0.1:1}}", routeTable{"a": a}},
		{"flow style below", "routes:\n  {a: {endpoint: 10.0.0.1:1},\n   b: {endpoint: 10.0.0.1:1}}", routeTable{"a": a, "b": a}},
		{"JSON", `{"routes": {"a": {"endpoint": "10.0.0.1:1"}}}`, routeTable{"a": a}},
		{"quoted routes", "\"routes\":\n  a: {endpoint: 10.0.0.1:1}\n", routeTable{"a": a}},
		{"none", "routes: {}\n", routeTable{}},
		{"none below", "routes:\n  {}\n", routeTable{}},
		{"comments", "# one\n---\n\nroutes: # two\n # three\n  # four\n  a: # five\n# six\n    endpoint: 10.0.0.1:1 # seven\n# eight\n  b: {endpoint: 10.0.0.1:1}\n# nine", routeTable{"a": a, "b": a}},
		{"CRLF", "routes:\r\n  a:\r\n    endpoint: 10.0.0.1:1\r\n\r\n  b:\r\n    endpoint: 10.0.0.1:1\r\n", routeTable{"a": a, "b": a}},
		{"byte order mark", "\uFEFFroutes:\n  a: {endpoint: 10.0.0.1:1}\n", routeTable{"a": a}},
		{"ids that look like values", "routes:\n  007: {endpoint: 10.0.0.1:1}\n  true: {endpoint: 10.0.0.1:1}\n  0x10: {endpoint: 10.0.0.1:1}\n  1.50: {endpoint: 10.0.0.1:1}\n  \"null\": {endpoint: 10.0.0.1:1}\n",
			routeTable{"007": a, "true": a, "0x10": a, "1.50": a, "null": a}},
		{"ids with anything in them", "routes:\n  a.example.com: {endpoint: 10.0.0.1:1}\n  \"100% of \\\"it\\\"\": {endpoint: 10.0.0.1:1}\n  'x: y': {endpoint: 10.0.0.1:1}\n  größe: {endpoint: 10.0.0.1:1}\n",
			routeTable{"a.example.com": a, `100% of "it"`: a, "x: y": a, "größe": a}},
		{"metadata of many lines", "routes:\n  a:\n    endpoint: 10.0.0.1:1\n    metadata:\n      note: |\n        # one\n        b: two\n",
			routeTable{"a": {Endpoint: "10.0.0.1:1", Metadata: map[string]string{"note": "# one\nb: two\n"}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseRoutes([]byte(tt.in))
			if err != nil || !sameTable(got, tt.want) {
				t.Errorf("parseRoutes = %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

func sameTable(a, b routeTable) bool { return maps.EqualFunc(a, b, sameResult) }

func TestParseRoutesRefuses(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", `no "routes:" at the top level`},
		{"comments only", "# routes:\n", `no "routes:" at the top level`},
		{"an empty mapping", "{}", `no "routes:" at the top level`},
		{"routes cut off", "routes:\n", `"routes:" has no routes`},
		{"null", "routes: ~\n", "line 1: want a mapping, found null"},
		{"text", "hello", "line 1: want a mapping, found string"},
		{"a list", "routes: [a]", "line 1: want a mapping, found sequence"},
		{"another key", "routes: {}\nlisten: 80\n", `line 2: only "routes:"`},
		{"another key first", "version: 1\nroutes:\n", `line 1: only "routes:"`},
		{"another key below", "routes:\n  a: {endpoint: x:1}\nlisten: 80\n", `line 3: only "routes:"`},
		{"routes twice", "routes:\n  a: {endpoint: x:1}\nroutes:\n  b: {endpoint: x:1}\n", `line 3: only "routes:"`},
		{"routes twice in JSON", `{"routes": {}, "routes": {}}`, `line 1: "routes" is there already, in line 1`},
		{"two documents", "routes:\n  a: {endpoint: x:1}\n---\nroutes:\n  b: {endpoint: x:1}\n", `line 3: only "routes:"`},
		{"two documents in flow style", "routes: {}\n---\nroutes: {}\n", "want one YAML document"},
		{"indented less", "routes:\n    a: {endpoint: x:1}\n  b: {endpoint: x:1}\n", "line 3: indented less"},
		{"tabs", "routes:\n\ta: {endpoint: x:1}\n", "line 2: "},
		{"unknown field", "routes:\n  a:\n    endpoint: x:1\n    retries: 3\n", `line 4: route "a": unknown field "retries"`},
		{"field of another case", "routes:\n  a: {Endpoint: x:1}\n", `line 2: route "a": unknown field "Endpoint"`},
		{"route twice", "routes:\n  a: {endpoint: x:1}\n\n  a: {endpoint: x:2}\n", `line 4: route "a": is there already, in line 2`},
		{"route twice, quoted", "routes:\n  a: {endpoint: x:1}\n  'a': {endpoint: x:2}\n", `line 3: route "a": is there already, in line 2`},
		{"field twice", "routes:\n  a:\n    endpoint: x:1\n    endpoint: x:2\n", `line 4: route "a": "endpoint" is there already, in line 3`},
		{"metadata twice", "routes:\n  a: {endpoint: x:1, metadata: {k: v, k: w}}\n", `line 2: route "a": "k" is there already`},
		{"no endpoint", "routes:\n  a: {ttl: 5s}\n", `line 2: route "a": no endpoint`},
		{"empty endpoint", "routes:\n  a: {endpoint: ''}\n", `line 2: route "a": endpoint "" isn't host:port`},
		{"bad endpoint", "routes:\n  a:\n    endpoint: db\n", `line 3: route "a": endpoint "db" isn't host:port`},
		{"port 0", "routes:\n  a: {endpoint: 'db:0'}\n", `line 2: route "a": endpoint "db:0": want a port from 1 to 65535`},
		{"a list of endpoints", "routes:\n  a: {endpoint: ['x:1']}\n", `line 2: route "a": want text, found sequence`},
		{"no endpoints", "routes:\n  a:\n    endpoints: []\n", `line 3: route "a": the list has no endpoints`},
		{"endpoints that are text", "routes:\n  a: {endpoints: 'x:1,y:1'}\n", `line 2: route "a": want a list, found string`},
		{"a bad endpoint among them", "routes:\n  a:\n    endpoints:\n    - x:1\n    - y\n", `line 5: route "a": endpoint "y" isn't host:port`},
		{"too many endpoints", "routes:\n  a: {endpoint: x:1, endpoints: [" + strings.Repeat("'x:1',", 15) + "'x:1']}\n", `line 2: route "a": 17 endpoints are more than 16`},
		{"unknown balance", "routes:\n  a:\n    endpoint: x:1\n    balance: random\n", `line 4: route "a": unknown way to balance "random": want round-robin, least-sessions or first`},
		{"unknown state", "routes:\n  a:\n    state: asleep\n    endpoint: x:1\n", `line 3: route "a": unknown state "asleep": want ready, cold or draining`},
		{"wake by file", "routes:\n  a:\n    endpoint: x:1\n    wake: file:///bin/sh\n", `line 4: route "a": wake: want an http or https URL`},
		{"negative limit", "routes:\n  a: {endpoint: x:1, max_sessions: -1}\n", `line 2: route "a": want a whole number`},
		{"drain without a unit", "routes:\n  a: {endpoint: x:1, drain: 30}\n", `line 2: route "a": "30" isn't a duration`},
		{"limit without end", "routes:\n  a: {endpoint: x:1, session_rate: 2147483648}\n", `line 2: route "a": want a whole number`},
		{"limit that is a list", "routes:\n  a: {endpoint: x:1, session_rate: [1]}\n", `line 2: route "a": want text, found sequence`},
		{"duration without unit", "routes:\n  a: {endpoint: x:1, ttl: 60}\n", `line 2: route "a": "60" isn't a duration`},
		{"bad duration", "routes:\n  a: {endpoint: x:1, timeout: soon}\n", `line 2: route "a": "soon" isn't a duration`},
		{"timeout 0", "routes:\n  a: {endpoint: x:1, timeout: 0s}\n", `line 2: route "a": the timeout 0s isn't positive`},
		{"null metadata", "routes:\n  a: {endpoint: x:1, metadata: }\n", `line 2: route "a": want a mapping, found null`},
		{"nested metadata", "routes:\n  a: {endpoint: x:1, metadata: {k: {}}}\n", `line 2: route "a": want text, found mapping`},
		{"null value", "routes:\n  a: {endpoint: x:1, metadata: {k: ~}}\n", `line 2: route "a": want text, found null`},
		{"empty id", "routes:\n  '': {endpoint: x:1}\n", "line 2: route \"\": a resource id can't be empty"},
		{"null id", "routes:\n  ~: {endpoint: x:1}\n", "line 2: want text, found null"},
		{"anchor", "routes:\n  a: &x {endpoint: x:1}\n", `line 2: route "a": want a mapping, found anchor`},
		{"merge", "routes:\n  a: {<<: {endpoint: x:1}}\n", `line 2: route "a": want text, found merge`},
		{"tag", "routes:\n  a: {endpoint: !!str 'x:1'}\n", `line 2: route "a": want text, found tag`},
		{"a route that is text", "routes:\n  a: x:1\n", `line 2: route "a": want a mapping, found string`},
		{"no colon", "routes:\n  a: {endpoint: x:1}\n  b\n", "line 3: want a mapping, found string"},
		{"brace not closed", "routes:\n  a: {endpoint: x:1\n  b: {endpoint: x:1}\n", "line 2: "},
		{"quote not closed", "routes:\n  a: {endpoint: x:1}\n  b: {endpoint: \"x:1}\n  c: {endpoint: x:1}\n", "line 3: "},
		{"nested too deep", "routes:\n  a: " + strings.Repeat("[", 10_000), "line 2: nested more than 64 levels deep"},
		{"indicators", "routes:\n  a:\n    " + strings.Repeat("- ", 1000), "line 2: nested more than 64 levels deep"},
		{"a long route", "routes:\n  a:\n    endpoint: x:1\n    metadata: {k: " + strings.Repeat("v", maxRouteText) + "}\n", "line 2: a route of more than 16384 bytes"},
		{"much in flow style", `{"routes": {` + strings.Repeat(" ", maxOtherText) + "}}", "more than 262144 bytes, and not in block style"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseRoutes([]byte(tt.in))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("parseRoutes = %v, %v, want %q in the error", got, err, tt.want)
			}
		})
	}
}

// TestParseRoutesTellsAll: all faults at once, up to a bound.
func TestParseRoutesTellsAll(t *testing.T) {
	var in bytes.Buffer
	in.WriteString("routes:\n")
	for i := range 25 {
		fmt.Fprintf(&in, "  r%d: {endpoint: db}\n", i)
	}
	_, err := parseRoutes(in.Bytes())
	lines := strings.Split(fmt.Sprint(err), "\n")
	if len(lines) != maxFaults+1 || !strings.HasPrefix(lines[9], `line 11: route "r9": `) || lines[10] != "and 15 more" {
		t.Errorf("parseRoutes fails with\n%v", err)
	}
}

// TestFaultsHideValues: metadata may hold passwords.
func TestFaultsHideValues(t *testing.T) {
	for _, in := range []string{
		"routes:\n  a:\n    endpoint: x:1\n    metadata:\n      password: hunter2\n     oops: x\n",
		"routes:\n  a: {endpoint: x:1, metadata: {password: hunter2}, b: c}\n",
		"routes:\n  a: {endpoint: x:1, metadata: {password: [hunter2]}}\n",
		"routes:\n  a: {endpoint: x:1, metadata: {password: hunter2}\n",
		"routes:\n  a: {endpoint: x:1, metadata: hunter2}\n",
	} {
		if _, err := parseRoutes([]byte(in)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("parseRoutes(%q) fails with %v", in, err)
		}
	}
}

// manyRoutes returns a file with routes db0, db1 and so on.
func manyRoutes(n int) []byte {
	var in bytes.Buffer
	in.WriteString("routes:\n")
	for i := range n {
		fmt.Fprintf(&in, "  db%d:\n    endpoint: \"10.0.0.1:5432\"\n    metadata: {database: x%d}\n", i, i)
	}
	return in.Bytes()
}

func TestManyRoutes(t *testing.T) {
	table, err := parseRoutes(manyRoutes(10_000))
	if err != nil || len(table) != 10_000 || table["db9999"].Metadata["database"] != "x9999" {
		t.Errorf("%d routes, %v, the last is %+v", len(table), err, table["db9999"])
	}
}

// FuzzParseRoutes: every accepted route is valid, the table says what the file
// does, and cutting the file into routes never changes its meaning.
func FuzzParseRoutes(f *testing.F) {
	for _, s := range []string{
		"routes:\n  a:\n    endpoint: 10.0.0.1:1\n    timeout: 5s\n    ttl: 60s\n    metadata: {k: v}\n  b: {endpoint: 'db:1'}\n",
		"routes: {a: {endpoint: x:1}}",
		"routes:\n  a:\n    endpoints: [x:1, '[::1]:2']\n    balance: first\n    state: cold\n    wake: http://a/?b\n    max_sessions: 007\n    session_rate: 1\n",
		`{"routes": {"a": {"endpoint": "[::1]:1", "metadata": {"k": "\u0041"}}}}`,
		"# c\n---\nroutes: # c\n  007: {endpoint: x:1} # c\n\n  ~: {endpoint: x:1}\n",
		"routes:\n  a:\n    endpoint: >-\n      x:1\n    metadata:\n      note: |\n        b: {endpoint: y:2}\n",
		"routes:\n  a: {endpoint: \"x:1\n  b: {endpoint: y:2}\n  \"}\n",
		"routes:\n  ? a\n  : {endpoint: x:1}\n",
		"routes:\n  \xff: {endpoint: x:1}\n  \"\\x80\\0\": {endpoint: x:1}\n",
		"routes:\r\n  a: {endpoint: x:1,\r\n    ttl: -1s}\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		table, err := parseRoutes(in)
		if err != nil {
			return
		}
		for resource, res := range table {
			checkRoute(t, resource, res)
		}
		encoded, err := encodeRoutes(table)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseRoutes(encoded)
		if err != nil || !sameTable(again, table) {
			t.Fatalf("%q gives %v; written as %q it gives %v, %v", in, table, encoded, again, err)
		}
		checkWhole(t, in, table)
	})
}

func checkRoute(t *testing.T, resource string, res Result) {
	if resource == "" || res.Timeout < 0 || res.State >= states || res.MaxSessions < 0 || res.SessionRate < 0 || len(res.Others) > MaxOthers {
		t.Errorf("accepted %q: %+v", resource, res)
	}
	for _, endpoint := range append([]string{res.Endpoint}, res.Others...) {
		if _, _, err := ParseEndpoint(endpoint); err != nil {
			t.Errorf("accepted %q: %v", resource, err)
		}
	}
	if res.Wake != "" && CheckWakeURL(res.Wake) != nil {
		t.Errorf("accepted %q: to be woken by %q", resource, res.Wake)
	}
}

// encodeRoutes writes a table as YAML, in the strictest style: as JSON.
func encodeRoutes(table routeTable) ([]byte, error) {
	routes := make(map[string]map[string]any)
	for resource, res := range table {
		route := map[string]any{
			"endpoint": res.Endpoint, "ttl": res.TTL.String(), "drain": res.Drain.String(), "balance": res.Balance.String(), "state": res.State.String(),
			"max_sessions": res.MaxSessions, "session_rate": res.SessionRate,
		}
		if len(res.Others) > 0 {
			route["endpoints"] = res.Others
		}
		if res.Wake != "" {
			route["wake"] = res.Wake
		}
		if res.Timeout != 0 {
			route["timeout"] = res.Timeout.String()
		}
		if res.Metadata != nil {
			route["metadata"] = res.Metadata
		}
		routes[resource] = route
	}
	return yaml.MarshalWithOptions(map[string]any{"routes": routes}, yaml.JSON())
}

// checkWhole compares a table with what the file means when it is parsed in
// one piece.
func checkWhole(t *testing.T, in []byte, table routeTable) {
	entries, err := whole(strings.TrimPrefix(string(in), "\uFEFF")).file()
	if err != nil {
		return // too long for that, or the parser is stricter there
	}
	whole := make(routeTable)
	for _, e := range entries {
		res, err := e.result()
		if err != nil {
			t.Fatalf("%q: route %q is accepted alone, but not in the whole file: %v", in, e.Name, err)
		}
		whole[e.Name] = res
	}
	if !sameTable(whole, table) {
		t.Errorf("%q gives %v, unsplit %v", in, table, whole)
	}
}
