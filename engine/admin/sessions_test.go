package admin

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin/api"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// sessionsOf asks for those that a query chooses.
func sessionsOf(s *site, query string) (all api.Sessions) {
	s.t.Helper()
	enginetest.Must(s.t, json.Unmarshal([]byte(s.want(http.StatusOK, "GET", "/sessions"+query)), &all))
	return all
}

func TestSessions(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, nil)
		first, backend := s.session()
		second, other := s.session()
		all := sessionsOf(s, "?limit=1&resource=db&protocol=tcp&state=relaying&client=127.0.0.0/8&min_age=0.000001&max_age=1h")
		if all.Matching != 2 || len(all.Sessions) != 1 {
			t.Fatalf("%+v", all)
		}
		one := all.Sessions[0]
		if one.Resource != "db" || one.Endpoint != s.backend.Address() || one.Listener != enginetest.Listener || one.FromClients != 4 || one.TLS || one.Age <= 0 {
			t.Errorf("%+v", one)
		}
		if none := sessionsOf(s, "?min_age=1h"); none.Matching != 0 || none.Sessions == nil {
			t.Errorf("%+v", none)
		}
		if done := s.do("/sessions/close?id=" + url.QueryEscape(one.ID)); done.Count != 1 {
			t.Errorf("%+v", done)
		}
		if one.Client != first.LocalAddr().String() {
			first, backend, second, other = second, other, first, backend // they came at the same time
		}
		backend.HearEnd() // what it would answer now, the client would hear
		enginetest.CloseAll(t, backend)
		first.HearEnd()
		enginetest.CloseAll(t, first)
		s.AwaitClosed(engine.ByOperator, 1)
		if done := s.do("/sessions/close?client=127.0.0.1"); done.Count != 1 {
			t.Errorf("%+v", done)
		}
		other.HearEnd()
		enginetest.CloseAll(t, other, second)
	})
}

// TestSessionFaults: nothing is closed by mistake.
func TestSessionFaults(t *testing.T) {
	s := start(t, engine.Goroutine, nil)
	client, backend := s.session()
	defer enginetest.CloseAll(t, client, backend)
	for query, want := range map[string]string{
		"":                           "want id",
		"?all=yes":                   "want id",
		"?all=true&resource=db":      "want id",
		"?resource=":                 "resource: want one value",
		"?resource=a&resource=b":     "resource: want one value",
		"?state=eating":              `state: there is no \"eating\"`,
		"?protocol=smoke":            `protocol: there is no \"smoke\"`,
		"?color=red":                 "color: there is no such parameter",
		"?client=everybody":          "client: want an address",
		"?min_age=-1s&max_age=no":    "want a time",
		"?limit=5":                   "limit: there is no such parameter",
		"?min_age=0":                 "min_age: want a time above 0",
		"?max_age=0&protocol=tcp":    "max_age: want a time above 0",
		"?resource=5%&protocol=tcp":  "invalid",
		"?resource=a;b&protocol=tcp": "invalid",
	} {
		if body := s.want(http.StatusBadRequest, "POST", "/sessions/close"+query, actionHeader, "1"); !strings.Contains(body, want) {
			t.Errorf("%q: %s, want %q", query, body, want)
		}
	}
	for _, query := range []string{"?limit=0", "?limit=10001", "?limit=x", "?all=true"} {
		s.want(http.StatusBadRequest, "GET", "/sessions"+query)
	}
	if all := sessionsOf(s, ""); all.Matching != 1 {
		t.Errorf("%+v", all)
	}
	s.want(http.StatusForbidden, "POST", "/sessions/close?all=true")
	if done := s.do("/sessions/close?all=true"); done.Count != 1 {
		t.Errorf("%+v", done)
	}
}
