package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin/api"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// description is what the tests read of openapi.json.
type description struct {
	Paths map[string]map[string]struct {
		Parameters []struct{ Name, In string }
		Security   []any
		Responses  map[string]struct {
			Content map[string]struct{ Schema schema }
		}
	}
	Components struct{ Schemas map[string]schema }
}

type schema struct {
	Ref        string `json:"$ref"`
	Type       types
	Properties map[string]schema
	Required   []string
	Additional json.RawMessage `json:"additionalProperties"`
	Items      *schema
	Enum       []string
}

// types are one or several.
type types []string

// UnmarshalJSON implements json.Unmarshaler.
func (ts *types) UnmarshalJSON(text []byte) error {
	if text[0] == '[' {
		return json.Unmarshal(text, (*[]string)(ts))
	}
	*ts = make(types, 1)
	return json.Unmarshal(text, &(*ts)[0])
}

func describe(t *testing.T) *description {
	t.Helper()
	d := new(description)
	enginetest.Must(t, json.Unmarshal(openAPI, d))
	return d
}

// check returns what is wrong with a value.
func (d *description) check(at string, s schema, v any) (faults []string) {
	if name, is := strings.CutPrefix(s.Ref, "#/components/schemas/"); is {
		return d.check(at, d.Components.Schemas[name], v)
	}
	switch v := v.(type) {
	case map[string]any:
		return d.checkObject(at, s, v)
	case []any:
		for i, item := range v {
			faults = append(faults, d.check(at+"["+strconv.Itoa(i)+"]", *s.Items, item)...)
		}
		return append(faults, wrongType(at, s, "array")...)
	case string:
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
			faults = append(faults, at+": "+v+" isn't among the values")
		}
		return append(faults, wrongType(at, s, "string")...)
	case bool:
		return wrongType(at, s, "boolean")
	case float64:
		return wrongType(at, s, "integer", "number")
	case nil:
		return wrongType(at, s, "null")
	}
	return []string{fmt.Sprintf("%s: %v", at, v)}
}

func wrongType(at string, s schema, want ...string) []string {
	if slices.ContainsFunc(s.Type, func(t string) bool { return slices.Contains(want, t) }) {
		return nil
	}
	return []string{at + ": is a " + want[0] + ", not " + strings.Join(s.Type, " or ")}
}

func (d *description) checkObject(at string, s schema, v map[string]any) []string {
	faults := wrongType(at, s, "object")
	for _, name := range s.Required {
		if _, there := v[name]; !there {
			faults = append(faults, at+"."+name+": is missing")
		}
	}
	var more schema
	open := json.Unmarshal(s.Additional, &more) == nil
	for name, value := range v {
		switch known, is := s.Properties[name]; {
		case is:
			faults = append(faults, d.check(at+"."+name, known, value)...)
		case open:
			faults = append(faults, d.check(at+"."+name, more, value)...)
		case s.Additional != nil:
			faults = append(faults, at+"."+name+": isn't described")
		}
	}
	return faults
}

// What is served is described with its parameters, and nothing else is.
func TestEveryRouteIsDescribed(t *testing.T) {
	var served, described []string
	for _, r := range new(Server).described(t) {
		served = append(served, fmt.Sprintf("%s %s %q", r.method, r.path, slices.Sorted(slices.Values(r.query))))
	}
	for path, methods := range describe(t).Paths {
		for method, op := range methods {
			var query []string
			for _, p := range op.Parameters {
				if p.In == "query" {
					query = append(query, p.Name)
				}
			}
			slices.Sort(query)
			described = append(described, fmt.Sprintf("%s %s %q", strings.ToUpper(method), path, query))
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	if !slices.Equal(served, described) {
		t.Errorf("served are %q, described %q", served, described)
	}
}

// described is routes, for a server that serves nobody.
func (s *Server) described(t *testing.T) []route {
	e, err := engine.New(enginetest.Config(engine.Goroutine, engine.HTTPFront(), nobody{}))
	enginetest.Must(t, err)
	s.engine = e
	return s.routes()
}

// Every status that is described happens, and every answer is as described.
func TestAnswersAreAsDescribed(t *testing.T) {
	d := describe(t)
	seen := make(map[string]bool) // "METHOD /path status"
	checkAll := func(s *site, cases ...[]string) {
		for _, c := range cases {
			seen[s.checkAnswer(d, c[0], c[1], c[2:]...)] = true
		}
	}
	open := start(t, engine.Goroutine, nil)
	client, backend := open.session()
	closed := start(t, engine.Goroutine, func(o *Options) { o.Token = "secret" })
	for path, methods := range d.Paths {
		for method := range methods {
			method := strings.ToUpper(method)
			query := ""
			if path == "/resources/purge" {
				query = "?all=true"
			}
			checkAll(open, []string{method, path + query, actionHeader, "1"}, []string{method, path + query, "Host", "evil.example"})
			checkAll(closed, []string{method, path + query})
		}
	}
	ends := start(t, engine.Goroutine, func(o *Options) { o.Drain = func() {} })
	checkAll(ends, []string{"POST", "/drain", actionHeader, "1"})
	logs := start(t, engine.Goroutine, func(o *Options) { o.Log = new(fakeLog) })
	checkAll(logs, []string{"GET", "/log"}, []string{"POST", "/log?level=warn", actionHeader, "1"}, []string{"POST", "/log", actionHeader, "1"})
	checkAll(open, []string{"GET", "/resources?limit=0"}, []string{"POST", "/resources/purge", actionHeader, "1"})
	checkAll(open, []string{"POST", "/sessions/close?id=x", actionHeader, "1"}, []string{"GET", "/sessions?limit=0"})
	for _, err := range []error{nil, engine.ErrDraining, errors.New("broken")} {
		reloads := start(t, engine.Goroutine, func(o *Options) {
			o.Reload = func() (api.Reload, error) { return api.Reload{Changed: []string{"http"}, Waiting: []string{}}, err }
		})
		checkAll(reloads, []string{"POST", "/config/reload", actionHeader, "1"})
	}
	hangs := start(t, engine.Goroutine, nil)
	hangs.admin.health.until = time.Now().Add(time.Hour)
	checkAll(hangs, []string{"GET", "/healthz"})
	open.operate(checkAll)
	enginetest.CloseAll(t, client, backend)
	enginetest.Must(t, open.Shutdown(t.Context()))
	checkAll(open, []string{"GET", "/readyz"})
	for path, methods := range d.Paths {
		for method, op := range methods {
			for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
				at := strings.ToUpper(method) + " " + path + " " + status
				if !seen[at] && at != "GET /metrics 503" { // of promhttp, with many scrapes at once
					t.Errorf("%s didn't happen", at)
				}
			}
		}
	}
}

// checkAnswer asks, compares the answer with its description, and says which it was.
func (s *site) checkAnswer(d *description, method, target string, headers ...string) string {
	s.t.Helper()
	status, body := s.ask(method, target, headers...)
	path, _, _ := strings.Cut(target, "?")
	at := method + " " + path + " " + strconv.Itoa(status)
	answer, known := d.Paths[path][strings.ToLower(method)].Responses[strconv.Itoa(status)]
	if !known {
		s.t.Errorf("%s isn't described", at)
	}
	if content, is := answer.Content["application/json"]; is {
		var v any
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			s.t.Errorf("%s: %v", at, err)
			return at
		}
		for _, f := range d.check(at, content.Schema, v) {
			s.t.Error(f)
		}
	}
	return at
}
