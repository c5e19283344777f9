//go:build linux

// Package backend has the servers a load test sends its traffic to: event
// driven, one loop per core, and cheap enough not to be what is measured.
//
//	server, err := backend.Listen(backend.Config{Kind: backend.Echo, Loops: 2})
//	...
//	fmt.Println(server.Addr())
//	err = server.Serve(ctx) // until ctx ends
//
// A process can't hold more connections than the descriptors it may open. With
// Config.Successor set there is no such bound: a process that fills up starts
// another one, which accepts from the very same listeners, and fills up in
// turn. Clients see one server.
//
//	process 1 ---stdin---> process 2 ---stdin---> process 3
//	full                   full                   accepts
//	   \______________________|______________________/
//	                 the same listeners
//
// Each process ends when its parent does or lets go of its standard input, and
// a parent waits for its child.
package backend

import (
	"context"
	"net/netip"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

// Stats is what this process has done so far; successors keep their own.
type Stats struct {
	Accepted uint64 // connections taken
	Closed   uint64 // of those, connections no longer open
	Paused   uint64 // times a loop stopped accepting: it was full, or out of descriptors
	Bytes    uint64 // bytes received from clients
	Requests uint64 // complete requests received; of HTTP alone
}

// Server is a listening backend.
type Server struct {
	shared
	addr    netip.AddrPort
	workers []*worker
}

// shared is what the loops have in common. None of it changes.
type shared struct {
	config  Config // complete
	pattern *stream.Pattern
	// crowded is sent to when a loop is nearly full. It keeps one message, so
	// that no loop waits for it to be heard.
	crowded chan struct{}
}

// Listen opens the listeners, so that clients may connect at once; they are
// served by Serve, which must follow.
func Listen(c Config) (*Server, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	s := &Server{
		shared: shared{config: c, pattern: stream.NewPattern(), crowded: make(chan struct{}, 1)},
		addr:   c.Addr,
	}
	for i := range c.Loops {
		if err := s.addWorker(i); err != nil {
			s.free()
			return nil, err
		}
	}
	return s, nil
}

// addWorker opens the i-th listener and its loop. The first one decides the
// port, if any free one was asked for.
func (s *Server) addWorker(i int) error {
	fd, bound, err := s.config.listener(i, s.addr)
	if err != nil {
		return err
	}
	w, err := newWorker(&s.shared, fd)
	if err != nil {
		return err
	}
	s.addr = bound
	s.workers = append(s.workers, w)
	return nil
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
		sum.Requests += w.stats.requests.Load()
	}
	return sum
}

// Serve runs the loops until ctx ends, then closes every connection and the
// listeners. It returns an error only if a loop became unusable, or a
// successor could not be started or failed.
func (s *Server) Serve(ctx context.Context) error {
	defer s.free()
	ctx, end := context.WithCancel(ctx)
	defer end()
	if s.config.Inherit {
		if err := s.endWithParent(end); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, w := range s.workers {
		group.Go(func() error { return w.serve(ctx) })
	}
	if len(s.config.Successor) > 0 {
		group.Go(func() error { return s.succeed(ctx) })
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
	accepted, closed, paused, bytes, requests atomic.Uint64
}
