package admin

import (
	"errors"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin/api"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestClient: the client of the API and the server understand each other in every way.
func TestClient(t *testing.T) {
	drained := make(chan struct{})
	s := start(t, engine.Goroutine, func(o *Options) {
		o.Token, o.Log, o.Drain = "secret", new(fakeLog), func() { close(drained) }
		o.Reload = func() (api.Reload, error) { return api.Reload{Changed: []string{"http"}, Waiting: []string{}}, nil }
	})
	c, err := api.NewClient(api.ClientOptions{Address: s.admin.Addr().String(), Token: "secret"})
	enginetest.Must(t, err)
	t.Cleanup(c.Close)
	client, backend := s.session()
	ctx := t.Context()
	must := func(what string, ok bool, err error) {
		t.Helper()
		if err != nil || !ok {
			t.Errorf("%s: %v, %v", what, ok, err)
		}
	}
	stats, err := c.Stats(ctx)
	must("stats", stats.Active == 1 && stats.Version == "v1" && !stats.Started.IsZero(), err)
	sessions, err := c.Sessions(ctx, api.SessionFilter{Resource: "db", Client: netip.MustParsePrefix("127.0.0.0/8").String(), MaxAge: time.Hour, Limit: 5})
	must("sessions", sessions.Matching == 1 && len(sessions.Sessions) == 1, err)
	resources, err := c.Resources(ctx, api.ResourceFilter{Name: "d", Protocol: "tcp", State: "ready", Sort: "traffic", Limit: 5})
	must("resources", len(resources) == 1 && resources[0].Sessions == 1, err)
	endpoints, err := c.Endpoints(ctx)
	must("endpoints", len(endpoints) == 1 && endpoints[0].Trouble == "" && endpoints[0].Forced == api.ForceAuto, err)
	_, err = c.Block(ctx, "tcp", "db")
	must("block", true, err)
	_, err = c.Unblock(ctx, "tcp", "db")
	must("unblock", true, err)
	for _, state := range []string{api.ForceOpen, api.ForceClosed, api.ForceAuto} {
		_, err = c.ForceEndpoint(ctx, endpoints[0].Name, state)
		must(state, true, err)
	}
	woken, err := c.Wake(ctx, "tcp", "db")
	must("wake of what doesn't sleep", woken.Count == 0, err)
	_, err = c.Purge(ctx, "db")
	must("purge", true, err)
	_, err = c.PurgeAll(ctx)
	must("purge of all", true, err)
	log, err := c.SetLog(ctx, api.Log{Level: "warn"})
	must("log", log.Level == "warn", err)
	again, err := c.Log(ctx)
	must("log again", again == log, err)
	reload, err := c.Reload(ctx)
	must("reload", len(reload.Changed) == 1, err)
	_, err = c.CloseSessions(ctx, api.SessionFilter{})
	must("close of nobody in particular", refusedWith(err, http.StatusBadRequest), nil)
	done, err := c.CloseSessions(ctx, api.SessionFilter{IDs: []string{"x", sessions.Sessions[0].ID}})
	must("close", done.Count == 1, err)
	backend.HearEnd()
	enginetest.CloseAll(t, backend, client)
	s.AwaitClosed(engine.ByOperator, 1)
	done, err = c.DrainResource(ctx, "tcp", "db")
	must("drain of a resource without sessions", done.Count == 0, err)
	_, err = c.Drain(ctx)
	must("drain", true, err)
	<-drained
}

// refusedWith says that a server has refused with that status.
func refusedWith(err error, status int) bool {
	var refused *api.StatusError
	return errors.As(err, &refused) && refused.Code == status
}
