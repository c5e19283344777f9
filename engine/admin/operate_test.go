package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin/api"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// operate has every answer of the actions on resources and endpoints.
func (s *site) operate(checkAll func(*site, ...[]string)) {
	const which = "?protocol=tcp&resource="
	for _, action := range []string{"wake", "drain", "block", "unblock"} {
		checkAll(s, []string{"POST", "/resources/" + action + which + "db", actionHeader, "1"})
	}
	checkAll(s, []string{"POST", "/resources/block" + which + "never-seen", actionHeader, "1"},
		[]string{"GET", "/resources?sort=name"}, []string{"POST", "/resources/wake" + which + "never-seen", actionHeader, "1"})
	for i := range 4096 {
		_, _ = s.Engine.Block("tcp", fmt.Sprint(i))
		_, _ = s.Engine.ForceEndpoint(fmt.Sprintf("h:%d", i+1), upstream.ForcedOpen)
	}
	checkAll(s, []string{"POST", "/resources/block" + which + "one-more", actionHeader, "1"},
		[]string{"POST", "/endpoints/force?state=open&endpoint=one-more:1", actionHeader, "1"},
		[]string{"POST", "/endpoints/force?state=auto&endpoint=h:1", actionHeader, "1"},
		[]string{"GET", "/endpoints"})
}

// list is GET of a list.
func list[T any](s *site, target string) []T {
	s.t.Helper()
	var all []T
	enginetest.Must(s.t, json.Unmarshal([]byte(s.want(http.StatusOK, "GET", target)), &all))
	return all
}

// do is an action that succeeds.
func (s *site) do(target string) api.Done {
	s.t.Helper()
	var done api.Done
	enginetest.Must(s.t, json.Unmarshal([]byte(s.want(http.StatusOK, "POST", target, actionHeader, "1")), &done))
	return done
}

func TestResources(t *testing.T) {
	s := start(t, engine.Goroutine, nil)
	client, backend := s.session()
	defer enginetest.CloseAll(t, client, backend)
	one := list[api.Resource](s, "/resources?name=d&limit=1&state=ready&protocol=tcp&sort=activity")
	if len(one) != 1 || one[0].Name != "db" || one[0].Sessions != 1 || one[0].LastActivity == nil || len(one[0].Endpoints) != 1 ||
		one[0].Endpoints[0] != s.backend.Address() {
		t.Errorf("%+v", one)
	}
	for _, other := range []string{"name=x", "protocol=http", "state=cold"} {
		if body := s.want(http.StatusOK, "GET", "/resources?"+other); body != "[]\n" {
			t.Errorf("%s: %s", other, body)
		}
	}
	for _, wrong := range []string{"state=tired", "sort=size", "limit=many", "limit=10001"} {
		s.want(http.StatusBadRequest, "GET", "/resources?"+wrong)
	}
}

func TestResourceActions(t *testing.T) {
	var log bytes.Buffer
	s := start(t, engine.Goroutine, func(o *Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	client, backend := s.session()
	const db = "?protocol=tcp&resource=db"
	for _, c := range []struct {
		action string
		want   api.Done
		state  string
	}{
		{"block", api.Done{Status: "blocked"}, "blocked"},
		{"unblock", api.Done{Status: "unblocked"}, "ready"},
		{"unblock", api.Done{Status: "not blocked"}, "ready"},
		{"wake", api.Done{Status: "ready"}, "ready"},
		{"drain", api.Done{Status: "drained", Count: 1}, "ready"},
	} {
		if got := s.do("/resources/" + c.action + db); got != c.want {
			t.Errorf("%s: %+v", c.action, got)
		}
		if all := list[api.Resource](s, "/resources"); len(all) != 1 || all[0].State != c.state {
			t.Errorf("after %s: %+v", c.action, all)
		}
		if line := log.String(); !strings.Contains(line, "level=INFO") || !strings.Contains(line, "resource "+c.want.Status) || !strings.Contains(line, "resource=db") {
			t.Errorf("%s isn't logged: %s", c.action, log.String())
		}
		log.Reset()
	}
	backend.HearEnd()
	enginetest.CloseAll(t, backend)
	client.HearEnd()
	enginetest.CloseAll(t, client)
	for _, wrong := range []string{"", "?protocol=tcp", "?resource=db", "?protocol=pigeon&resource=db", "?protocol=tcp&resource=" + strings.Repeat("x", 1025)} {
		for _, action := range []string{"wake", "drain", "block"} {
			s.want(http.StatusBadRequest, "POST", "/resources/"+action+wrong, actionHeader, "1")
		}
	}
}

func TestEndpoints(t *testing.T) {
	s := start(t, engine.Goroutine, nil)
	client, backend := s.session()
	at := "/endpoints/force?endpoint=" + s.backend.Address() + "&state="
	for _, c := range []struct {
		state string
		count int
	}{{"open", 0}, {"closed", 0}, {"drain", 1}, {"auto", 0}} {
		if got := s.do(at + c.state); got != (api.Done{Status: c.state, Count: c.count}) {
			t.Errorf("%s: %+v", c.state, got)
		}
		if all := list[api.Endpoint](s, "/endpoints"); len(all) != 1 || all[0].Forced != c.state || all[0].Breaker != "closed" {
			t.Errorf("%s: %+v", c.state, all)
		}
	}
	backend.HearEnd()
	enginetest.CloseAll(t, backend)
	client.HearEnd()
	enginetest.CloseAll(t, client)
	for _, wrong := range []string{"", "?endpoint=h:1", "?state=open", "?endpoint=h&state=open", "?endpoint=h:1&state=ajar"} {
		s.want(http.StatusBadRequest, "POST", "/endpoints/force"+wrong, actionHeader, "1")
	}
}
