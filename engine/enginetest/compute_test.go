package enginetest_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// thinking is a codec whose work is under way from started until finish.
func thinking(t *testing.T) (c *lines, started <-chan struct{}, finish func()) {
	began, over := make(chan struct{}, 1), make(chan struct{})
	open := true
	finish = func() {
		if open {
			open = false
			close(over)
		}
	}
	t.Cleanup(finish) // however the test ends
	return &lines{
		commands: commands{"think": {Action: codecs.Compute}},
		work:     func() { began <- struct{}{}; <-over },
		computed: codecs.Step{ToClient: []byte("thought\n")},
	}, began, finish
}

// Work doesn't hold up other sessions, and the codec's own goes on behind it with
// what has been said meanwhile.
func TestComputeBeforeTheRoute(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		c, started, finish := thinking(t)
		p := start(t, impl, c)
		client := p.Dial()
		client.Say("think\nsome\nbehind")
		<-started
		client.Say(" it\n")
		p.exchange()
		finish()
		client.Hear("thought\n")
		backend := p.backend.Accept()
		backend.Hear("BEHIND IT\n")
		end(client, backend)
	})
}

func TestComputeInTheLogin(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		t.Run("for the client", func(t *testing.T) {
			c, started, finish := thinking(t)
			p := start(t, impl, c)
			client, backend := p.session()
			client.Say("think\nbehind it\n")
			<-started
			backend.Say("MEANWHILE\n")
			p.exchange()
			finish()
			client.Hear("thought\nmeanwhile\n")
			backend.Hear("BEHIND IT\n")
			end(client, backend)
		})
		t.Run("first of all", func(t *testing.T) {
			c, started, finish := thinking(t)
			c.opening = "think"
			p := start(t, impl, c)
			client := p.Dial()
			client.Say("some\nbehind it\n")
			<-started
			backend := p.backend.Accept()
			backend.Say("MEANWHILE\n")
			finish()
			client.Hear("thought\n")
			client.Hear("meanwhile\n")
			backend.Hear("BEHIND IT\n")
			end(client, backend)
		})
		t.Run("for the backend", func(t *testing.T) {
			c, started, finish := thinking(t)
			p := start(t, impl, c)
			client, backend := p.session()
			backend.Say("think\nBEHIND IT\n")
			<-started
			client.Say("meanwhile\n")
			p.exchange()
			finish()
			client.Hear("thought\nbehind it\n")
			backend.Hear("MEANWHILE\n")
			end(client, backend)
		})
	})
}

// A client that goes while work is done is noticed at the latest behind it.
func TestClientGoesMeanwhile(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for name, leave := range map[string]func(*enginetest.Conn){
			"closes":    func(c *enginetest.Conn) { enginetest.Must(t, c.Close()) },
			"is broken": (*enginetest.Conn).Reset,
		} {
			t.Run("before the route, "+name, func(t *testing.T) {
				c, started, finish := thinking(t)
				c.computed = codecs.Step{}
				p := start(t, impl, c)
				client := p.Dial()
				client.Say("think\n")
				<-started
				leave(client)
				p.exchange()
				finish()
				p.AwaitClosed(engine.ClientGone, 1)
			})
			t.Run("in the login, "+name, func(t *testing.T) {
				c, started, finish := thinking(t)
				c.computed = codecs.Step{}
				p := start(t, impl, c)
				client, backend := p.session()
				client.Say("line\nthink\n")
				<-started
				backend.Hear("LINE\n")
				leave(client)
				p.exchange()
				finish()
				backend.HearGone()
			})
		}
	})
}

// The codec is asked for the words of a refusal when its work is done, not
// meanwhile.
func TestDeadlineWithinWork(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		c, started, finish := thinking(t)
		c.computed = codecs.Step{}
		p := start(t, impl, c, func(cfg *engine.Config) { cfg.Timeouts.Detect = time.Second / 10 })
		client := p.Dial()
		client.Say("think\n")
		<-started
		p.awaitDetectTimeout()
		finish()
		client.Hear(refusal(codecs.Timeout))
		client.HearEnd()
		enginetest.Must(t, client.Close())
		p.AwaitClosed(engine.DetectTimeout, 2)
	})
}

// dial connects a client to a proxy that isn't held to its accounts.
func dial(t *testing.T, e *engine.Engine) *enginetest.Conn {
	t.Helper()
	c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(e.Addr(enginetest.Listener)))
	enginetest.Must(t, err)
	return enginetest.NewConn(t, c)
}

// Work that panics ends its session alone.
func TestWorkPanics(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		c, _, _ := thinking(t)
		c.work = func() { panic("the work's fault") }
		backend := enginetest.Listen(t)
		e, err := engine.New(config(t, impl, c, backend))
		enginetest.Must(t, err)
		enginetest.Must(t, e.Start())
		client := dial(t, e)
		client.Say("think\n")
		client.HearGone()
		enginetest.Eventually(t, "the session has ended as panicked", func() bool { return e.Stats().Closed[engine.Panicked] == 1 })
		if n := e.Stats().Panics; n != 1 {
			t.Errorf("%d panics are counted", n)
		}
		other := dial(t, e)
		other.Say("some\nstill here\n")
		served := backend.Accept()
		served.Hear("STILL HERE\n")
		end(other, served)
		enginetest.Must(t, e.Shutdown(t.Context()))
	})
}

// A proxy that stops waits for the work, but not its session.
func TestStopWithinWork(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		c, started, finish := thinking(t)
		p := start(t, impl, c)
		client := p.Dial()
		client.Say("think\n")
		<-started
		now, cancel := context.WithCancel(t.Context())
		cancel()
		stopped := enginetest.Async(func() error { return p.Shutdown(now) })
		client.HearGone()
		finish()
		<-stopped
		p.AwaitClosed(engine.Drained, 1)
	})
}
