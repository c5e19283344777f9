package admin

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/pprof"
	"net/url"
	"slices"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/proxy-engine/proxy-engine/engine/admin/dashboard"
)

//go:embed openapi.json
var openAPI []byte

// maxScrapes is how many may be under way at once.
const maxScrapes = 4

// route is a row of the table of what is served.
type route struct {
	method, path string
	query        []string // the parameters it takes
	serve        http.HandlerFunc
}

// The parameters that choose a resource, or sessions.
var (
	resourceParameters = []string{"protocol", "resource"}
	sessionParameters  = []string{"id", "resource", "protocol", "listener", "endpoint", "client", "state", "min_age", "max_age"}
)

// routes returns the table. openapi.json describes it.
func (s *Server) routes() []route {
	scrape := promhttp.HandlerFor(newRegistry(newCollector(s.engine, s.o.Version, s.o.Top)),
		promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes, EnableOpenMetrics: true})
	process := newProcess()
	return []route{
		{http.MethodGet, "/healthz", nil, s.healthy},
		{http.MethodGet, "/readyz", nil, s.ready},
		{http.MethodGet, "/metrics", nil, scrape.ServeHTTP},
		{http.MethodGet, "/stats", nil, func(w http.ResponseWriter, _ *http.Request) { say(w, s.stats(process)) }},
		{http.MethodGet, "/endpoints", nil, s.endpoints},
		{http.MethodPost, "/endpoints/force", []string{"endpoint", "state"}, s.force},
		{http.MethodGet, "/resources", []string{"name", "protocol", "state", "sort", "limit"}, s.resources},
		{http.MethodPost, "/resources/purge", []string{"resource", "all"}, s.purge},
		{http.MethodPost, "/resources/wake", resourceParameters, s.onResource(s.wake)},
		{http.MethodPost, "/resources/drain", resourceParameters, s.onResource(s.drainResource)},
		{http.MethodPost, "/resources/block", resourceParameters, s.onResource(s.block)},
		{http.MethodPost, "/resources/unblock", resourceParameters, s.onResource(s.unblock)},
		{http.MethodPost, "/drain", nil, s.drainAll},
		{http.MethodGet, "/log", nil, s.log},
		{http.MethodPost, "/log", []string{"level", "sessions"}, s.setLog},
		{http.MethodGet, "/sessions", slices.Concat(sessionParameters, []string{"limit"}), s.sessions},
		{http.MethodPost, "/sessions/close", slices.Concat(sessionParameters, []string{"all"}), s.closeSessions},
		{http.MethodGet, "/config", nil, s.config},
		{http.MethodPost, "/config/reload", nil, s.reload},
		{http.MethodGet, "/openapi.json", nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(openAPI)
		}},
	}
}

// asked serves a request, if its query says nothing that wouldn't be heard: a filter without one
// of its parts would choose more than was meant.
func (r route) asked(w http.ResponseWriter, req *http.Request) {
	q, err := url.ParseQuery(req.URL.RawQuery)
	errs := []error{err}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		switch {
		case !slices.Contains(r.query, name):
			errs = append(errs, fmt.Errorf("%s: there is no such parameter", name))
		case len(q[name]) > 1 && name != "id":
			errs = append(errs, fmt.Errorf("%s: want one value", name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	r.serve(w, req)
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		mux.HandleFunc(r.method+" "+r.path, r.asked)
	}
	page := dashboard.Handler()
	mux.Handle("GET /{$}", page)
	mux.Handle("GET /dashboard/", page)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// statusBody answers where there is nothing else to say, errorBody what has failed.
type (
	statusBody struct {
		Status string `json:"status"`
	}
	errorBody struct {
		Error string `json:"error"`
	}
)

func say(w http.ResponseWriter, body any) { write(w, http.StatusOK, body) }

func fail(w http.ResponseWriter, status int, why string) { write(w, status, errorBody{why}) }

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}

// ready says no as soon as the proxy is to end, so that nobody is sent there.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if s.engine.Draining() {
		fail(w, http.StatusServiceUnavailable, "draining")
		return
	}
	say(w, statusBody{"ready"})
}

func (s *Server) config(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, s.o.Settings())
}
