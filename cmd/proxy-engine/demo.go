package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"sync"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// defaultDemo is where the demo listens when no listener is given.
const defaultDemo = "127.0.0.1:8080"

// demoHosts are the hosts of the demo. Names under localhost lead browsers and
// curl to this machine without anybody's doing.
var demoHosts = [...]string{"alpha.localhost", "beta.localhost"}

// demoAddr is where the demo's servers listen.
var demoAddr = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// demo is an HTTP server for each of demoHosts within this process, and the
// resolver that leads there and knows no other host.
type demo struct {
	endpoints map[string]string
	servers   []*http.Server
	serving   sync.WaitGroup
}

// startDemo starts the servers, which serve until Close.
func startDemo(log *slog.Logger) (*demo, error) {
	d := &demo{endpoints: make(map[string]string)}
	for _, host := range demoHosts {
		l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(demoAddr, 0)))
		if err != nil {
			_ = d.Close()
			return nil, err
		}
		d.endpoints[host] = l.Addr().String()
		d.serve(l, host)
		log.Info("demo", "host", host, "backend", l.Addr().String())
	}
	return d, nil
}

func (d *demo) serve(l net.Listener, host string) {
	s := &http.Server{Handler: mirror(host), ReadHeaderTimeout: time.Minute}
	d.servers = append(d.servers, s)
	d.serving.Go(func() { _ = s.Serve(l) }) // returns when it is closed
}

// mirror answers with the request's head, so that one sees what the proxy has
// made of it.
func mirror(host string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		head, err := httputil.DumpRequest(r, false)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(w, "This is %s. It was asked:\n\n%s", host, head)
	}
}

// Resolve implements resolve.Resolver.
func (d *demo) Resolve(_ context.Context, req resolve.Request) (resolve.Result, error) {
	if endpoint, ours := d.endpoints[req.Resource]; ours {
		return resolve.Result{Endpoint: endpoint}, nil
	}
	return resolve.Result{}, resolve.Errorf(resolve.NotFound, "the demo has only %s", demoHosts)
}

// Close implements io.Closer: it ends the servers.
func (d *demo) Close() error {
	var errs []error
	for _, s := range d.servers {
		errs = append(errs, s.Close())
	}
	d.serving.Wait()
	return errors.Join(errs...)
}
