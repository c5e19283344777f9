package admin

import (
	"cmp"
	"errors"
	"net/http"
	"slices"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// endpoints lists all, those with the most sessions first.
func (s *Server) endpoints(w http.ResponseWriter, _ *http.Request) {
	known := s.engine.Endpoints()
	slices.SortFunc(known, func(a, b upstream.EndpointStats) int {
		return cmp.Or(cmp.Compare(b.Sessions, a.Sessions), cmp.Compare(a.Name, b.Name))
	})
	all := make([]api.Endpoint, 0, len(known))
	for i := range known {
		all = append(all, viewEndpoint(&known[i]))
	}
	say(w, all)
}

func viewEndpoint(e *upstream.EndpointStats) api.Endpoint {
	v := api.Endpoint{
		Name: e.Name, Sessions: e.Sessions, Breaker: e.Breaker.Phase.String(), Forced: e.Forced.String(), Consecutive: e.Breaker.Consecutive,
		Health: e.Health.String(), Attempts: byName(e.Attempts), Refused: e.Refused,
		FromClients: e.FromClient, ToClients: e.ToClient,
	}
	if e.Trouble != upstream.Connected {
		v.Trouble = e.Trouble.String()
	}
	if !e.Breaker.Until.IsZero() {
		v.Until = &e.Breaker.Until
	}
	return v
}

// force decides about the endpoint that the query names in its breaker's place.
func (s *Server) force(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	endpoint := q.Get("endpoint")
	to, err := upstream.ParseForced(q.Get("state"))
	if err != nil {
		fail(w, http.StatusBadRequest, "state: "+err.Error())
		return
	}
	n, err := s.engine.ForceEndpoint(endpoint, to)
	switch {
	case errors.Is(err, upstream.ErrTooManyForced):
		fail(w, http.StatusConflict, err.Error())
	case err != nil:
		fail(w, http.StatusBadRequest, err.Error())
	default:
		s.o.Logger.Info("endpoint forced", "endpoint", endpoint, "state", to.String(), "count", n)
		say(w, api.Done{Status: to.String(), Count: n})
	}
}
