package admin

import (
	_ "embed"
	"encoding/json"
	"io"
	"net/http"
	"net/http/pprof"

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
	serve        http.HandlerFunc
}

// routes returns the table. openapi.json describes it.
func (s *Server) routes() []route {
	scrape := promhttp.HandlerFor(newRegistry(newCollector(s.engine, s.o.Version, s.o.Top)),
		promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes, EnableOpenMetrics: true})
	process := newProcess()
	return []route{
		{http.MethodGet, "/healthz", s.healthy},
		{http.MethodGet, "/readyz", s.ready},
		{http.MethodGet, "/metrics", scrape.ServeHTTP},
		{http.MethodGet, "/stats", func(w http.ResponseWriter, _ *http.Request) { say(w, s.stats(process)) }},
		{http.MethodGet, "/endpoints", s.endpoints},
		{http.MethodPost, "/endpoints/force", s.force},
		{http.MethodGet, "/resources", s.resources},
		{http.MethodPost, "/resources/purge", s.purge},
		{http.MethodPost, "/resources/wake", s.onResource(s.wake)},
		{http.MethodPost, "/resources/drain", s.onResource(s.drainResource)},
		{http.MethodPost, "/resources/block", s.onResource(s.block)},
		{http.MethodPost, "/resources/unblock", s.onResource(s.unblock)},
		{http.MethodPost, "/drain", s.drainAll},
		{http.MethodGet, "/log", s.log},
		{http.MethodPost, "/log", s.setLog},
		{http.MethodGet, "/sessions", s.sessions},
		{http.MethodPost, "/sessions/close", s.closeSessions},
		{http.MethodGet, "/config", s.config},
		{http.MethodPost, "/config/reload", s.reload},
		{http.MethodGet, "/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(openAPI)
		}},
	}
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		mux.HandleFunc(r.method+" "+r.path, r.serve)
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
