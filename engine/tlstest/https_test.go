package tlstest

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// host is what HTTPS clients ask for; the authority's certificate is for it.
const host = "web.test"

// startWeb runs an HTTPS proxy in front of a server of package net/http, which
// is spoken to by TLS if the mode isn't Off.
func startWeb(t *testing.T, impl engine.Impl, backend tlsterm.Verify, handler http.HandlerFunc) *proxy {
	t.Helper()
	ca := enginetest.NewAuthority(t)
	p := &proxy{t: t, ca: ca}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			p.links.Add(1)
		}
	}
	if backend == tlsterm.Off {
		server.Start()
	} else {
		_, cert := ca.Issue(backendName)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
		server.StartTLS()
	}
	t.Cleanup(server.Close)
	cfg := enginetest.Config(impl, engine.HTTPFront(), resolve.Fixed(server.Listener.Addr().String()))
	cfg.Listeners[0].TLS, cfg.Listeners[0].BackendTLS = ca.Server(host), backend
	cfg.TLS.Backends = ca.Backends()
	p.Proxy = enginetest.Start(t, cfg)
	return p
}

// web returns a client of the proxy's.
func (p *proxy) web() *http.Client {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.ca.Roots(), ServerName: host}, ForceAttemptHTTP2: true}
	p.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// eachBackend runs body with backends in the clear and by TLS.
func eachBackend(t *testing.T, body func(t *testing.T, impl engine.Impl, backend tlsterm.Verify)) {
	t.Helper()
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, mode := range []tlsterm.Verify{tlsterm.Off, tlsterm.VerifyFull} {
			t.Run("backend "+mode.String(), func(t *testing.T) { body(t, impl, mode) })
		}
	})
}

func TestHTTPS(t *testing.T) {
	upload := make([]byte, 5<<20)
	_, _ = rand.New(rand.NewSource(1)).Read(upload)
	eachBackend(t, func(t *testing.T, impl engine.Impl, mode tlsterm.Verify) {
		p := startWeb(t, impl, mode, func(w http.ResponseWriter, r *http.Request) {
			got, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			w.Header().Set("Proto", r.Header.Get("X-Forwarded-Proto")+" "+r.Header.Get("Forwarded"))
			_, _ = w.Write(got)
		})
		client := p.web()
		for i := range 3 {
			r, err := client.Post("https://"+p.Address()+"/", "", bytes.NewReader(upload))
			enginetest.Must(t, err)
			got, err := io.ReadAll(r.Body)
			enginetest.Must(t, err)
			if !bytes.Equal(got, upload) {
				t.Errorf("%d bytes came back, or other ones", len(got))
			}
			if r.Proto != "HTTP/1.1" || !strings.HasPrefix(r.Header.Get("Proto"), "https ") || !strings.Contains(r.Header.Get("Proto"), "proto=https") {
				t.Errorf("request %d: %s, forwarded as %q", i, r.Proto, r.Header.Get("Proto"))
			}
		}
		client.CloseIdleConnections()
		p.AwaitActive(0)
		if accepted, links := p.Stats().Accepted, p.links.Load(); accepted != 1 || links != 1 {
			t.Errorf("three requests took %d connections, and %d to the backend", accepted, links)
		}
	})
}

// curl is a client of OpenSSL's; it resumes.
func TestHTTPSWithCurl(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startWeb(t, impl, tlsterm.Off, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
		port := p.Addr(enginetest.Listener).Port()
		url := fmt.Sprintf("https://%s:%d/", host, port)
		for _, version := range []string{"--tlsv1.3", "--tls-max=1.2"} {
			args := append(strings.Split(version, "="), "-sS", "--cacert", p.ca.File, "--resolve", fmt.Sprintf("%s:%d:127.0.0.1", host, port), url, url)
			out, err := exec.Command("curl", args...).CombinedOutput()
			if err != nil || string(out) != "hellohello" {
				t.Errorf("curl %s: %v, %s", version, err, out)
			}
		}
		out, err := exec.Command("curl", "-sS", "http://"+p.Address()+"/").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "HTTPS") {
			t.Errorf("plain HTTP to HTTPS: %v, %q", err, out)
		}
	})
}
