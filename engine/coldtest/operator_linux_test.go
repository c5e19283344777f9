package coldtest

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// TestOperatorWakes: a service is started by a call of the admin API, without a client,
// and the next client is served at once.
func TestOperatorWakes(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := newService(t)
		p := asleep(s.address)
		p.wake = func(context.Context) error { return s.wake() }
		proxy := enginetest.Start(t, enginetest.Config(impl, engine.HTTPFront(), p))
		server, err := admin.Start(proxy.Engine, admin.Options{Address: "127.0.0.1:0", Settings: func() string { return "" }, Logger: slog.New(slog.DiscardHandler)})
		enginetest.Must(t, err)
		defer server.Close(t.Context())
		defer http.DefaultClient.CloseIdleConnections()
		call := func(method, target string) string {
			r, err := http.NewRequest(method, "http://"+server.Addr().String()+target, nil)
			enginetest.Must(t, err)
			r.Header.Set("X-Proxy-Engine", "1")
			answer, err := http.DefaultClient.Do(r)
			enginetest.Must(t, err)
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			enginetest.Must(t, err)
			return string(body)
		}
		const wake = "/resources/wake?protocol=http&resource=" + sleeper
		if got := call("POST", wake); got != `{"status":"starting","count":0}`+"\n" {
			t.Errorf("%s", got)
		}
		<-s.begun
		enginetest.Eventually(t, "the service is ready", func() bool {
			all := proxy.Resources(engine.ResourceFilter{Name: sleeper}, 1)
			return len(all) == 1 && all[0].State == engine.ResourceReady
		})
		if got := call("POST", wake); got != `{"status":"ready","count":0}`+"\n" {
			t.Errorf("%s", got)
		}
		enginetest.Must(t, <-askByNetHTTP(proxy.Address()))
		p.wantWakes(t, 1)
		if n := proxy.Stats().Starts; n.Starts != 1 || n.Ready != 1 || proxy.Resources(engine.ResourceFilter{}, 1)[0].Sessions > 1 {
			t.Errorf("%+v", n)
		}
		s.stop(t)
	})
}

// TestBlockWhileWaiting: who waits for a start is refused at once.
func TestBlockWhileWaiting(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := asleep(reserve(t))
		p.wake = hang
		proxy := startPostgres(t, impl, p, nil)
		client := proxy.Dial()
		client.Say(startup)
		starting := func() bool {
			all := proxy.Resources(engine.ResourceFilter{State: "starting"}, 9)
			return len(all) == 1 && all[0].Name == "app" && all[0].Waiting == 1
		}
		enginetest.Eventually(t, "it is being started", starting)
		if all := proxy.Stats().Starts.UnderWay; len(all) != 1 || all[0].Resource != "app" {
			t.Errorf("%+v", all)
		}
		if n, err := proxy.Block("postgresql", "app"); n != 1 || err != nil {
			t.Errorf("%d refused, %v, want 1", n, err)
		}
		hearRefusal(t, client, "blocked by the operator")
		late := proxy.Dial()
		late.Say(startup)
		hearRefusal(t, late, "blocked by the operator")
		proxy.AwaitClosed(engine.ResourceBlocked, 2)
		p.wantWakes(t, 1)
		if what, err := proxy.Wake(t.Context(), "postgresql", "app"); err == nil {
			t.Errorf("%v though blocked", what)
		}
	})
}

// TestWakeSaysNo: what can't be woken.
func TestWakeSaysNo(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := asleep(reserve(t))
		proxy := startTCP(t, impl, p, nil)
		for name, change := range map[string]func(*resolve.Result){
			"no hook":  func(r *resolve.Result) { r.Wake = "" },
			"draining": func(r *resolve.Result) { r.State, r.Wake = resolve.Draining, "hook" },
		} {
			p.set(change)
			proxy.Purge("")
			if what, err := proxy.Wake(t.Context(), "tcp", "resource"); err == nil {
				t.Errorf("%s: %v", name, what)
			}
		}
		p.set(func(r *resolve.Result) { r.State, r.Wake = resolve.Ready, "" })
		proxy.Purge("")
		if what, err := proxy.Wake(t.Context(), "tcp", "resource"); what != engine.WakeNeedless || err != nil {
			t.Errorf("%v, %v", what, err)
		}
		p.wantWakes(t, 0)
	})
}
