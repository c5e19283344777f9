package introtest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// haproxyProgram is where Debian keeps it, which not every user's PATH leads to.
func haproxyProgram() string {
	if path, err := exec.LookPath("haproxy"); err == nil {
		return path
	}
	return "/usr/sbin/haproxy"
}

// haproxyConfig is the HAProxy before us and the one behind us: the first tells of
// its clients, the second says whom it was told of.
const haproxyConfig = `
global
  maxconn 100
defaults
  timeout connect 30s
  timeout client 30s
  timeout server 30s
listen before
  mode tcp
  bind fd@3
  server proxy %s %s
frontend behind
  mode http
  bind fd@4 accept-proxy
  http-request return status 200 content-type text/plain lf-string "%%[src] %%[dst] %%[dst_port]"
`

// pair is an HAProxy before and behind us: its listeners are made here, so that no
// port has to be guessed.
type pair struct {
	t              *testing.T
	before, behind *net.TCPListener
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t}
	for _, l := range []**net.TCPListener{&p.before, &p.behind} {
		made, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		enginetest.Must(t, err)
		*l = made
	}
	return p
}

// run starts it, and has it end with the test.
func (p *pair) run(proxy, how string) {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "haproxy.cfg")
	enginetest.Must(p.t, os.WriteFile(file, fmt.Appendf(nil, haproxyConfig, proxy, how), 0o600))
	cmd := exec.Command(haproxyProgram(), "-db", "-q", "-f", file)
	cmd.Stderr = os.Stderr
	for _, l := range []*net.TCPListener{p.before, p.behind} {
		socket, err := l.File()
		enginetest.Must(p.t, err)
		cmd.ExtraFiles = append(cmd.ExtraFiles, socket)
	}
	enginetest.Must(p.t, cmd.Start())
	for i, l := range []*net.TCPListener{p.before, p.behind} {
		enginetest.CloseAll(p.t, cmd.ExtraFiles[i], l)
	}
	p.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // it ends by the signal
	})
}

// ask makes a request through both from an address, and returns the answer.
func (p *pair) ask(from string) string {
	p.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	transport := &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}
	client := http.Client{Transport: transport, Timeout: enginetest.Patience}
	response, err := client.Get("http://" + p.before.Addr().String() + "/")
	enginetest.Must(p.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	enginetest.Must(p.t, err)
	return string(body)
}

// HAProxy tells us of a client, and we tell HAProxy, in either version and of the
// address that the client had connected to.
func TestHAProxy(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, how := range []string{"send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options unique-id,crc32c"} {
			for _, v := range versions {
				t.Run(how+" "+v.String(), func(t *testing.T) {
					h := newPair(t)
					p, _ := start(t, impl, plain(), trusting, func(cfg *engine.Config) {
						cfg.Resolver = resolve.Fixed(h.behind.Addr().String())
						cfg.Listeners[0].BackendHeader = v
					})
					h.run(p.Address(), how)
					to := h.before.Addr().(*net.TCPAddr).AddrPort()
					if got, want := h.ask("127.0.0.9"), fmt.Sprintf("127.0.0.9 %s %d", to.Addr(), to.Port()); got != want {
						t.Errorf("the backend was told of %q, want %q", got, want)
					}
					p.AwaitActive(0)
				})
			}
		}
	})
}
