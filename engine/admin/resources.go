package admin

import (
	"errors"
	"net/http"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// The number of resources, or sessions, that are listed.
const (
	listedByDefault = 100
	listedAtMost    = 10_000
)

// resources lists those that the query describes, as many as its limit.
func (s *Server) resources(w http.ResponseWriter, r *http.Request) {
	f, limit, err := resourceQuery(r)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	all := []api.Resource{}
	for _, one := range s.engine.Resources(f, limit) {
		all = append(all, viewResource(&one))
	}
	say(w, all)
}

func resourceQuery(r *http.Request) (f engine.ResourceFilter, limit int, err error) {
	q := r.URL.Query()
	f = engine.ResourceFilter{Name: q.Get("name"), Protocol: q.Get("protocol"), State: q.Get("state")}
	errs := []error{known("state", f.State, engine.ResourceStates()), known("protocol", f.Protocol, codecs.Protocols())}
	f.Order, err = engine.ParseResourceOrder(q.Get("sort"))
	errs = append(errs, named("sort", err))
	limit, err = listLimit(q)
	return f, limit, errors.Join(append(errs, err)...)
}

func viewResource(r *engine.ResourceStats) api.Resource {
	v := api.Resource{
		Protocol: r.Protocol, Name: r.Name, State: r.State.String(), Sessions: r.Sessions, Waiting: r.Waiting,
		Endpoints: append([]string{}, r.Endpoints...), FromClients: r.FromClient, ToClients: r.ToClient,
	}
	if !r.LastActivity.IsZero() {
		v.LastActivity = &r.LastActivity
	}
	return v
}

// purge forgets the cached answers about the resource that the query names, or
// about all if it says all=true.
func (s *Server) purge(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	resource := q.Get("resource")
	if (resource == "") != (q.Get("all") == "true") {
		fail(w, http.StatusBadRequest, "want resource=NAME, or all=true")
		return
	}
	s.engine.Purge(resource)
	s.o.Logger.Info("purged", "resource", resource)
	say(w, api.Done{Status: "purged"})
}

// onResource is an action on the resource that the query names.
func (s *Server) onResource(action func(r *http.Request, protocol, resource string) (api.Done, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		protocol, resource := q.Get("protocol"), q.Get("resource")
		if protocol == "" || resource == "" {
			fail(w, http.StatusBadRequest, "want protocol=PROTOCOL and resource=NAME")
			return
		}
		if err := known("protocol", protocol, codecs.Protocols()); err != nil {
			fail(w, http.StatusBadRequest, err.Error())
			return
		}
		done, err := action(r, protocol, resource)
		if err != nil {
			fail(w, actionStatus(err), err.Error())
			return
		}
		s.o.Logger.Info("resource "+done.Status, "protocol", protocol, "resource", resource, "count", done.Count)
		say(w, done)
	}
}

// actionStatus tells what was asked wrongly from what can't be done now.
func actionStatus(err error) int {
	if errors.Is(err, engine.ErrUnknownProtocol) || errors.Is(err, engine.ErrNoResource) {
		return http.StatusBadRequest
	}
	return http.StatusConflict
}

func (s *Server) wake(r *http.Request, protocol, resource string) (api.Done, error) {
	what, err := s.engine.Wake(r.Context(), protocol, resource)
	return api.Done{Status: what.String()}, err
}

func (s *Server) drainResource(_ *http.Request, protocol, resource string) (api.Done, error) {
	n, err := s.engine.DrainResource(protocol, resource)
	return api.Done{Status: "drained", Count: n}, err
}

func (s *Server) block(_ *http.Request, protocol, resource string) (api.Done, error) {
	n, err := s.engine.Block(protocol, resource)
	return api.Done{Status: "blocked", Count: n}, err
}

func (s *Server) unblock(_ *http.Request, protocol, resource string) (api.Done, error) {
	if !s.engine.Unblock(protocol, resource) {
		return api.Done{Status: "not blocked"}, nil
	}
	return api.Done{Status: "unblocked"}, nil
}
