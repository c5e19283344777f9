package logtest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/resolve/redis"
	"github.com/proxy-engine/proxy-engine/resolve/webhook"
)

// closedPort is an address of this machine where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	b := enginetest.Listen(t)
	enginetest.CloseAll(t, b)
	return b.Address()
}

// A resolver that can't be asked says why, but not by which password or token.
func TestNoSecretsOfResolvers(t *testing.T) {
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, r.Header.Get("Authorization")+r.URL.RawQuery+word, http.StatusInternalServerError)
	}))
	t.Cleanup(failing.Close)
	for name, at := range map[string]string{"away": closedPort(t), "failing": failing.Listener.Addr().String()} {
		t.Run("webhook "+name, func(t *testing.T) {
			checkResolver(t, func(t *testing.T, _ *journal) resolve.Resolver {
				r, err := webhook.New("http://"+at+"/"+word+"?token="+secret, webhook.Options{Token: secret})
				enginetest.Must(t, err)
				return r
			})
		})
	}
	t.Run("redis away", func(t *testing.T) {
		checkResolver(t, func(t *testing.T, j *journal) resolve.Resolver {
			u, err := url.Parse(fmt.Sprintf("redis://alice:%s@%s?timeout=1s", secret, closedPort(t)))
			enginetest.Must(t, err)
			r, err := redis.Open(u, resolve.OpenOptions{Logger: j.logger()})
			enginetest.Must(t, err)
			return r
		})
	})
}

// checkResolver has a client ask for what the resolver can't find, and looks at the log
// and at what the client is told.
func checkResolver(t *testing.T, open func(*testing.T, *journal) resolve.Resolver) {
	t.Helper()
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		j := new(journal)
		r := open(t, j)
		if c, is := r.(io.Closer); is {
			defer enginetest.CloseAll(t, c)
		}
		p := startLogged(t, impl, j, engine.HTTPFront(), r)
		client := p.Dial()
		client.Say(request)
		if told := client.HearEnd(); strings.Contains(told, secret) || strings.Contains(told, word) {
			t.Errorf("the client is told %q", told)
		}
		enginetest.CloseAll(t, client)
		p.Stop()
		j.check(t, "request refused")
	})
}
