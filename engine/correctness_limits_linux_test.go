package engine_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
)

// Clients beyond the limit of sessions are told so, every one of them, and
// those within are served on.
func TestSessionLimit(t *testing.T) {
	const limit, beyond, clients = 20, 20_000, 100
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		b := serve(t, echo)
		p := start(t, impl, script{}.front(), names{"some": at(b.addr)}, func(cfg *engine.Config) { cfg.MaxSessions = limit })
		var within []*net.TCPConn
		for range limit {
			c := p.dial()
			must(t, say(c, "some\n"))
			must(t, ask(c, "hello"))
			within = append(within, c)
		}
		var running sync.WaitGroup
		for i := range clients {
			// A source address each: none of them runs out of ports.
			from := &net.TCPAddr{IP: net.IPv4(127, 1, 0, byte(i+1))}
			running.Go(func() {
				for range beyond / clients {
					if err := refusedForTheLimit(p, from); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		running.Wait()
		for _, c := range within {
			must(t, ask(c, "still there?"))
			c.Close()
		}
		// Its place is free.
		p.awaitActive(0)
		c := p.dial()
		must(t, say(c, "some\n"))
		must(t, ask(c, "hello"))
		c.Close()
		p.stop(closings{engine.TooManySessions: beyond, engine.ClientClosed: limit + 1})
	})
}

func refusedForTheLimit(p *proxy, from *net.TCPAddr) error {
	c, err := net.DialTCP("tcp", from, p.address())
	if err != nil {
		return err
	}
	defer patient(c).Close()
	return errors.Join(say(c, "some\n"), hear(c, refusal(codecs.TooMany, "", "some")), hearEnd(c))
}

// Clients beyond the limit who don't say what they want can't fill the
// proxy either: the rest of them waits in the backlog until there is room.
func TestSilentClientsBeyondTheLimit(t *testing.T) {
	// The loops ask for room before they accept: both may find the last one.
	const limit, overflow, silent, most = 10, 256, 1000, 10 + 256 + 1
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, script{greeting: "welcome\n"}.front(), names{}, func(cfg *engine.Config) { cfg.MaxSessions = limit })
		var clients []*net.TCPConn
		for range silent {
			clients = append(clients, p.dial())
		}
		eventually(t, "the proxy is full", func() bool { return p.Stats().Active >= limit+overflow })
		// Those who are in leave; only then are others greeted.
		var running sync.WaitGroup
		for _, c := range clients {
			running.Go(func() {
				if err := errors.Join(hear(c, "welcome\n"), c.Close()); err != nil {
					t.Error(err)
				}
			})
		}
		eventually(t, "everybody has been greeted and has left", func() bool {
			s := p.Stats()
			if s.Active > most {
				t.Errorf("%d sessions, at most %d are allowed", s.Active, most)
			}
			return s.Closed[engine.ClientGone] == silent
		})
		running.Wait()
		p.stop(closings{engine.ClientGone: silent})
	})
}

// Connections that never speak are closed at their deadline, told why, and
// counted; an established session doesn't notice.
func TestConnectionsThatNeverSpeak(t *testing.T) {
	const silent = 10_000
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		b := serve(t, echo)
		p := startChild(t, settings{Impl: impl, Script: true, Backend: b.addr.String(), Detect: 10 * shortly})
		before := p.open()
		established := p.dial()
		must(t, say(established, "some\n"))
		must(t, ask(established, "hello"))
		var clients []*net.TCPConn
		for i := range silent {
			c := p.dial()
			clients = append(clients, c)
			if i%100 == 0 {
				must(t, ask(established, "still there?"))
			}
		}
		for _, c := range clients {
			must(t, hear(c, refusal(codecs.Timeout, "no complete request in time", "")))
			must(t, hearEnd(c))
			c.Close()
		}
		must(t, ask(established, "still there?"))
		established.Close()
		p.awaitActive(0)
		p.awaitClosed(before, 0)
		p.stop(closings{engine.DetectTimeout: silent, engine.ClientClosed: 1})
	})
}

// Without a descriptor left the proxy serves those it has, lets others wait or
// turns them away, and serves everybody again as soon as it can.
func TestDescriptorExhaustion(t *testing.T) {
	// A session takes two descriptors: an even number is used up by accepting,
	// an odd one by dialling.
	for _, spare := range []int{40, 41} {
		t.Run(fmt.Sprintf("%d to spare", spare), func(t *testing.T) {
			eachVariant(t, func(t *testing.T, impl engine.Impl) {
				testExhaustion(t, impl, spare)
			})
		})
	}
}

func testExhaustion(t *testing.T, impl engine.Impl, spare int) {
	const established, load = 10, 200
	b := serve(t, func(c *net.TCPConn) error {
		_, _ = io.Copy(c, c) // who was turned away may reset
		return nil
	})
	p := startChild(t, settings{Impl: impl, Backend: b.addr.String()})
	before := p.open()
	var old []*net.TCPConn
	for range established {
		c := p.dial()
		must(t, ask(c, "hello"))
		old = append(old, c)
	}
	p.spare(spare)
	var crowd []*net.TCPConn
	for range load {
		c := p.dial()
		must(t, say(c, "hello"))
		crowd = append(crowd, c)
	}
	eventually(t, "the proxy is out of descriptors", func() bool {
		s := p.stats()
		return s.AcceptExhausted+s.Closed[engine.NoDescriptors] > 0
	})
	// Also what would take pipes.
	stream := newPattern(32)
	for _, c := range old {
		sent := async(func() error { return stream.send(c, 4<<20) })
		must(t, errors.Join(stream.check(c, 4<<20), <-sent))
	}
	for _, c := range crowd {
		c.Close()
	}
	p.awaitActive(established)
	if impl == engine.Reactor { // package net's pool of pipes keeps some
		for range spare / 4 {
			c := p.dial()
			must(t, ask(c, "hello"))
			old = append(old, c)
		}
	}
	p.spare(-1)
	for range load {
		c := p.dial()
		must(t, ask(c, "hello"))
		old = append(old, c)
	}
	for _, c := range old {
		c.Close()
	}
	p.awaitActive(0)
	p.awaitClosed(before, idlePipes)
	s := p.stop(nil)
	for reason, n := range s.Closed {
		switch reason {
		case engine.ClientClosed, engine.ClientReset, engine.ClientGone, engine.NoDescriptors:
		default:
			if n > 0 {
				t.Errorf("%d sessions closed as %v", n, reason)
			}
		}
	}
}

// idlePipes is how many descriptors a proxy may keep for the next bulk
// transfer: two loops with 16 pipes each.
const idlePipes = 2 * 16 * 2
