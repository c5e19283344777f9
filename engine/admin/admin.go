// Package admin serves an engine's operators over HTTP: metrics for Prometheus,
// health for orchestrators, figures and a few actions as JSON (openapi.json has all
// of it), and profiles.
//
// It asks the engine when it is asked itself; the engine knows nothing of it.
package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// Options are those of a Server.
type Options struct {
	// Address is "host:port", or "unix:" and a socket's path.
	Address string
	// Token is what clients must bring as "Authorization: Bearer"; "" for none,
	// which is only allowed on loopback addresses and unix sockets. /healthz, /readyz
	// and the dashboard's files need none.
	Token string
	// Top is how many resources and endpoints have series of their own.
	Top int
	// Version is the program's.
	Version string
	// Settings are what is served at /config: without secrets.
	Settings func() string
	// Listener, if there is one, is served at instead of opening Address. It becomes the
	// server's.
	Listener net.Listener
	// Drain begins to end the program, for /drain. It is called once at most; nil if
	// the program can't be ended so.
	Drain func()
	// Reload reads the program's configuration again, for /config/reload. The error has
	// every fault of it, and nothing is changed then. One call waits for another. nil if
	// there is none to read.
	Reload func() (api.Reload, error)
	// Log is what /log shows and changes; nil if that isn't to be.
	Log LogControl
	// Logger takes what goes wrong in serving.
	Logger *slog.Logger
}

// Validate says what is wrong, as far as it can be known before listening.
func (o Options) Validate() error {
	if _, unix := strings.CutPrefix(o.Address, "unix:"); !unix && o.Token == "" && !isLoopback(o.Address) {
		return fmt.Errorf("admin on %s: %w", o.Address, errNoToken)
	}
	return nil
}

// errNoToken is Validate's answer to an address that anybody might reach.
var errNoToken = errors.New("a token is needed to listen beyond loopback")

// Server serves one engine's operators. Make it with Start.
type Server struct {
	engine *engine.Engine
	o      Options
	ln     net.Listener
	http   http.Server
	ended  chan struct{} // closed when nothing is accepted any more
	drain  sync.Once     // does what Options.Drain does
	health health
}

// The server's bounds: its clients are few, and trusted to be slow by accident
// only. A CPU profile takes 30 s by default.
const (
	headTimeout  = 5 * time.Second
	readTimeout  = 10 * time.Second
	writeTimeout = 2 * time.Minute
	idleTimeout  = 2 * time.Minute
	maxHeader    = 16 << 10
	maxBody      = 64 << 10
	// maxConnections leaves the descriptors to the proxy, whoever comes: a token is asked for later.
	maxConnections = 512
)

// Start listens and serves until Close. The engine must have been started.
func Start(e *engine.Engine, o Options) (*Server, error) {
	ln, err := o.listen()
	if err != nil {
		return nil, err
	}
	s := &Server{engine: e, o: o, ln: ln, ended: make(chan struct{})}
	s.http = http.Server{
		Handler:           s.guarded(s.handler()),
		ReadHeaderTimeout: headTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(o.Logger.Handler(), slog.LevelWarn),
	}
	go func() {
		defer close(s.ended)
		if err := s.http.Serve(newCrowdless(ln)); !errors.Is(err, http.ErrServerClosed) {
			o.Logger.Error("admin ended", "cause", err)
		}
	}()
	return s, nil
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.ln.Addr() }

// Close lets requests under way end until ctx is done, and returns when nothing is
// left but handlers that don't end.
func (s *Server) Close(ctx context.Context) {
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
	<-s.ended
}

// listen returns where the server is to accept: the listener it was given, if it may be served
// at without a token, or one of its own.
func (o *Options) listen() (net.Listener, error) {
	if o.Listener != nil {
		if o.Address = o.Listener.Addr().String(); o.Listener.Addr().Network() == "unix" {
			o.Address = "unix:" + o.Address
		}
	}
	err := o.Validate()
	switch {
	case err == nil && o.Listener != nil:
		return o.Listener, nil
	case err != nil && o.Listener != nil:
		_ = o.Listener.Close()
		return nil, err
	case err != nil:
		return nil, err
	}
	ln, err := listen(o.Address)
	if err != nil {
		return nil, fmt.Errorf("admin on %s: %w", o.Address, err)
	}
	return ln, nil
}

func listen(address string) (net.Listener, error) {
	if path, unix := strings.CutPrefix(address, "unix:"); unix {
		return listenUnix(path)
	}
	return net.Listen("tcp", address)
}

// isLoopback says that nobody else's machine reaches the address.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// listenUnix opens a socket in the file system that only its owner may use, in
// place of one that nobody listens on any more.
func listenUnix(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		if c, err := net.Dial("unix", path); err == nil {
			_ = c.Close()
			return nil, errors.New("somebody listens there")
		}
		_ = os.Remove(path)
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = ln.Close()
		return nil, err
	}
	return ln, nil
}
