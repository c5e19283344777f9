package admin

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// sessions lists those that the query chooses, the oldest first.
func (s *Server) sessions(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit, err := listLimit(q)
	filter, fault := sessionFilter(q)
	if err := errors.Join(err, fault); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	list, matching := s.engine.Sessions(filter, limit)
	body := api.Sessions{Sessions: make([]api.Session, len(list)), Matching: matching}
	for i := range list {
		body.Sessions[i] = viewSession(&list[i])
	}
	say(w, body)
}

func viewSession(i *engine.SessionInfo) api.Session {
	v := api.Session{
		ID: i.ID, Listener: i.Listener, Protocol: i.Protocol, Client: i.Client.String(), Resource: i.Resource, Resources: i.Resources, Endpoint: i.Endpoint,
		State: i.State.String(), TLS: i.TLS, Age: i.Age.Seconds(), FromClients: i.FromClient, ToClients: i.ToClient,
	}
	if i.Backend.IsValid() {
		v.Backend = i.Backend.String()
	}
	return v
}

// closeSessions ends those that the query chooses, which must say something: all=true
// for all of them.
func (s *Server) closeSessions(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	filter, err := sessionFilter(q)
	switch {
	case err != nil:
	case (len(q) == 0) || q.Has("all") && (q.Get("all") != "true" || len(q) > 1):
		err = errors.New("want id=..., another filter, or nothing but all=true")
	}
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	n := s.engine.CloseSessions(filter)
	s.o.Logger.Info("sessions closed by an operator", "filter", r.URL.RawQuery, "sessions", n)
	say(w, api.Done{Status: "closed", Count: n})
}

// sessionFilter makes a filter of a query.
func sessionFilter(q url.Values) (f engine.SessionFilter, err error) {
	f.IDs = q["id"]
	texts := map[string]*string{"resource": &f.Resource, "protocol": &f.Protocol, "listener": &f.Listener, "endpoint": &f.Endpoint, "state": &f.State}
	times := map[string]*time.Duration{"min_age": &f.MinAge, "max_age": &f.MaxAge}
	var errs []error
	for name, values := range q {
		switch value := values[0]; {
		case name == "id":
		case value == "":
			errs = append(errs, fmt.Errorf("%s: want one value", name))
		case texts[name] != nil:
			*texts[name] = value
		case times[name] != nil:
			*times[name], err = parseAge(value)
			errs = append(errs, named(name, err))
		case name == "client":
			f.Client, err = parseNetwork(value)
			errs = append(errs, named(name, err))
		}
	}
	return f, errors.Join(append(errs, known("state", f.State, engine.States()), known("protocol", f.Protocol, codecs.Protocols()))...)
}

// known is the error of a word that is none of those there are, nor empty.
func known[T fmt.Stringer](name, word string, all []T) error {
	if word == "" || slices.ContainsFunc(all, func(one T) bool { return one.String() == word }) {
		return nil
	}
	return fmt.Errorf("%s: there is no %q", name, word)
}

func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

// parseAge takes Go's notation, or plain seconds.
func parseAge(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		d, err = time.ParseDuration(text + "s")
	}
	if err != nil || d <= 0 { // 0 is no bound, and so would choose all
		return 0, errors.New("want a time above 0 such as 90s, or seconds")
	}
	return d, nil
}

// parseNetwork takes an address for the network that has only it.
func parseNetwork(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, errors.New("want an address, or a network such as 10.0.0.0/8")
	}
	return p, nil
}

// listLimit is how many are listed at most.
func listLimit(q url.Values) (int, error) {
	text := q.Get("limit")
	if text == "" {
		return listedByDefault, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > listedAtMost {
		return 0, fmt.Errorf("limit: want a number from 1 to %d", listedAtMost)
	}
	return n, nil
}
