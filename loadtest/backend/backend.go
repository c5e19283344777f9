//go:build linux

// Package backend has the servers a load test sends its traffic to: event
// driven, one loop per core, and cheap enough not to be what is measured.
//
//	server, err := backend.Listen(backend.Config{Kind: backend.Echo, Loops: 2})
//	...
//	fmt.Println(server.Addr())
//	err = server.Serve(ctx) // until ctx ends
package backend

import (
	"context"
	"net/netip"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

// Config says what to serve and where.
type Config struct {
	Kind Kind
	// Addr is where to listen. The zero value means a free port on 127.0.0.1.
	Addr netip.AddrPort
	// Loops is the number of event loops, each with its own listener
	// (SO_REUSEPORT) and goroutine. At least one is run.
	Loops int
}

// Stats is what a server has done so far.
type Stats struct {
	Accepted uint64 // connections taken
	Closed   uint64 // of those, connections no longer open
	Paused   uint64 // times a loop stopped accepting for lack of descriptors
	Bytes    uint64 // bytes received from clients
}

// Server is a listening backend.
type Server struct {
	addr    netip.AddrPort
	workers []*worker
}

// Listen opens the listeners, so that clients may connect at once; they are
// served by Serve, which must follow.
func Listen(c Config) (*Server, error) {
	addr := c.Addr
	if !addr.IsValid() {
		addr = loopback()
	}
	s := &Server{addr: addr}
	pattern := stream.NewPattern()
	for range max(c.Loops, 1) {
		w, bound, err := newWorker(c.Kind, s.addr, pattern)
		if err != nil {
			s.free()
			return nil, err
		}
		s.addr = bound
		s.workers = append(s.workers, w)
	}
	return s, nil
}

// loopback is any free port of 127.0.0.1.
func loopback() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
}

// Addr returns where the server listens.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// Stats adds up what the loops have counted. It may be called from anywhere.
func (s *Server) Stats() Stats {
	var sum Stats
	for _, w := range s.workers {
		sum.Accepted += w.stats.accepted.Load()
		sum.Closed += w.stats.closed.Load()
		sum.Paused += w.stats.paused.Load()
		sum.Bytes += w.stats.bytes.Load()
	}
	return sum
}

// Serve runs the loops until ctx ends, then closes every connection and the
// listeners. It returns an error only if a loop became unusable.
func (s *Server) Serve(ctx context.Context) error {
	defer s.free()
	group, ctx := errgroup.WithContext(ctx)
	for _, w := range s.workers {
		group.Go(func() error { return w.serve(ctx) })
	}
	return group.Wait()
}

func (s *Server) free() {
	for _, w := range s.workers {
		w.loop.Free()
	}
}

// counters are one loop's part of Stats; written by the loop alone, and atomic
// so that Stats may read them.
type counters struct {
	accepted, closed, paused, bytes atomic.Uint64
}

var _ poll.Handler = (*worker)(nil)
