package dashboardtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
	"github.com/proxy-engine/proxy-engine/engine/admin/dashboard"
)

// began is when the fake's engine started. Its clock goes on by step with every
// /stats, so that rates are what the test says, however slow the machine is.
var began = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// action is a POST that the fake got.
type action struct {
	target string // with its query
	header string // X-Proxy-Engine
	token  string // Authorization
}

// fake answers as an admin server would, with what the test puts into it.
type fake struct {
	*httptest.Server

	mu        sync.Mutex
	token     string   // wanted, "" for none
	gone      bool     // connections are closed without an answer
	failing   string   // what actions are answered with, if they are to fail
	without   []string // routes that aren't there
	unable    []string // that are, and can't be used in this program
	asked     int      // how often for /stats
	tick      func(f *fake)
	stats     api.Stats
	sessions  []api.Session
	resources []api.Resource
	endpoints []api.Endpoint
	log       api.Log
	actions   []action
	queries   map[string]string // the last query of each path
}

// The routes of a server that has everything.
var everything = []string{
	"GET /stats", "GET /sessions", "GET /resources", "GET /endpoints", "GET /log", "GET /config", "GET /metrics", "GET /openapi.json",
	"POST /sessions/close", "POST /resources/purge", "POST /resources/wake", "POST /resources/drain", "POST /resources/block",
	"POST /resources/unblock", "POST /endpoints/force", "POST /log", "POST /config/reload", "POST /drain",
}

// serve starts a fake with an engine at work.
func serve(t *testing.T, changes ...func(*fake)) *fake {
	t.Helper()
	f := &fake{queries: make(map[string]string), tick: func(*fake) {}}
	atWork(f)
	for _, change := range changes {
		change(f)
	}
	f.Server = httptest.NewServer(http.HandlerFunc(f.answer))
	t.Cleanup(f.Close)
	return f
}

// set changes what is answered.
func (f *fake) set(change func(f *fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// got returns the actions so far.
func (f *fake) got() []action {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.actions)
}

// asks is how often /stats was asked for.
func (f *fake) asks() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// lastQuery is what came last with a path.
func (f *fake) lastQuery(path string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.queries[path]
}

func (f *fake) answer(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch at := r.Method + " " + r.URL.Path; {
	case f.gone:
		panic(http.ErrAbortHandler)
	case dashboard.Serves(r.URL.Path):
		dashboard.Handler().ServeHTTP(w, r)
	case f.token != "" && r.Header.Get("Authorization") != "Bearer "+f.token:
		reply(w, http.StatusUnauthorized, api.Error{Error: "the token is missing or wrong"})
	case !slices.Contains(everything, at) || slices.Contains(f.without, at):
		http.NotFound(w, r)
	case slices.Contains(f.unable, at):
		reply(w, http.StatusNotImplemented, api.Error{Error: "not in this program"})
	case r.Method == http.MethodPost:
		f.act(w, r)
	default:
		f.queries[r.URL.Path] = r.URL.RawQuery
		reply(w, http.StatusOK, f.body(r))
	}
}

func (f *fake) body(r *http.Request) any {
	switch r.URL.Path {
	case "/stats":
		f.asked++
		f.stats.Time = f.stats.Time.Add(time.Second)
		f.tick(f)
		return f.stats
	case "/sessions":
		return api.Sessions{Sessions: f.sessions, Matching: len(f.sessions)}
	case "/resources":
		return slices.DeleteFunc(slices.Clone(f.resources), func(res api.Resource) bool {
			return !strings.Contains(res.Name, r.URL.Query().Get("name"))
		})
	case "/endpoints":
		return f.endpoints
	case "/log":
		return f.log
	case "/openapi.json":
		return f.description()
	}
	return "a text"
}

// description is what the page reads of the API's.
func (f *fake) description() any {
	paths := make(map[string]map[string]struct{})
	for _, at := range everything {
		method, path, _ := strings.Cut(at, " ")
		if slices.Contains(f.without, at) {
			continue
		}
		if paths[path] == nil {
			paths[path] = make(map[string]struct{})
		}
		paths[path][strings.ToLower(method)] = struct{}{}
	}
	return map[string]any{"paths": paths}
}

func (f *fake) act(w http.ResponseWriter, r *http.Request) {
	f.actions = append(f.actions, action{r.URL.RequestURI(), r.Header.Get("X-Proxy-Engine"), r.Header.Get("Authorization")})
	switch {
	case f.failing != "":
		reply(w, http.StatusConflict, api.Error{Error: f.failing})
	case r.URL.Path == "/log":
		if level := r.URL.Query().Get("level"); level != "" {
			f.log.Level = level
		}
		reply(w, http.StatusOK, f.log)
	case r.URL.Path == "/config/reload":
		reply(w, http.StatusOK, api.Reload{Changed: []string{"max-sessions"}, Waiting: []string{"event-loops"}})
	default:
		reply(w, http.StatusOK, api.Done{Status: "done", Count: 3})
	}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
