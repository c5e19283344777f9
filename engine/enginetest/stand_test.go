package enginetest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// standing is a codec that stays from the beginning.
func standing() *lines {
	return &lines{opens: codecs.Stand, commands: commands{
		"who are you": {Action: codecs.Stand, ToClient: []byte("a codec\n")},
		"fail":        {Action: codecs.Fail, Failure: codecs.Failure{Kind: codecs.Malformed}},
		"bye":         {Action: codecs.Close, ToClient: []byte("bye\n")},
	}}
}

// text is so many bytes of lines, in the given letter.
func text(letter byte, size int) []byte {
	var all bytes.Buffer
	for i := 0; all.Len() < size; i++ {
		fmt.Fprintf(&all, "%07d %s\n", i, bytes.Repeat([]byte{letter}, i%(maxPending-20)))
	}
	return all.Bytes()
}

// hearAll reads exactly these bytes.
func hearAll(c net.Conn, want []byte) error {
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil {
		return fmt.Errorf("after %d of %d bytes: %w", n, len(want), err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%d bytes aren't those that were sent", len(want))
	}
	return nil
}

func sayAll(c net.Conn, b []byte) error {
	_, err := c.Write(b)
	return err
}

// A session that stands passes both ways through the codec, at once and for as
// long as it likes: with no deadline of those that came before.
func TestStand(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, standing(), func(cfg *engine.Config) {
			cfg.Timeouts.Detect, cfg.Timeouts.Open, cfg.Timeouts.Idle = time.Second/10, time.Second/10, time.Second/10
		})
		client, backend := p.session()
		for range 2 {
			up, down := text('u', 1<<20), text('D', 1<<20)
			done := []<-chan error{
				enginetest.Async(func() error { return sayAll(client, up) }),
				enginetest.Async(func() error { return sayAll(backend, down) }),
				enginetest.Async(func() error { return hearAll(client, bytes.ToLower(down)) }),
				enginetest.Async(func() error { return hearAll(backend, bytes.ToUpper(up)) }),
			}
			for _, d := range done {
				enginetest.Must(t, <-d)
			}
			client.Say("who are you\n")
			client.Hear("a codec\n")
			p.awaitDetectTimeout()
		}
		end(client, backend)
		p.AwaitClosed(engine.ClientClosed, 1)
	})
}

// awaitDetectTimeout waits until that deadline is over, which began no earlier
// than the call.
func (p *proxy) awaitDetectTimeout() {
	silent := p.Dial()
	silent.Hear(refusal(codecs.Timeout))
	_ = silent.Close()
}

// What the client sent behind its first line is the codec's though nothing more
// comes.
func TestStandFromOpen(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, standing())
		client := p.Dial()
		client.Say("some\nwho are you\nquestion\nhalf")
		backend := p.backend.Accept()
		backend.Hear("QUESTION\n")
		client.Hear("a codec\n")
		client.Say(" more\n")
		backend.Hear("HALF MORE\n")
		end(client, backend)
	})
}

// An end ends the codec's part: what it has held back of that side is passed on
// as it is, then the end, and what the other side still says.
func TestStandHalfClose(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, standing())
		client, backend := p.session()
		client.Say("line\nunfinished")
		backend.Hear("LINE\n")
		enginetest.Must(t, client.CloseWrite())
		backend.Hear("unfinished")
		backend.HearEnd()
		backend.Say("The Answer, untouched")
		client.Hear("The Answer, untouched")
		enginetest.Must(t, backend.CloseWrite())
		client.HearEnd()
		p.AwaitClosed(engine.ClientClosed, 1)

		client, backend = p.session()
		backend.Say("LINE\nUnfinished")
		client.Hear("line\n")
		enginetest.Must(t, backend.CloseWrite())
		client.Hear("Unfinished")
		client.HearEnd()
		client.Say("Last words")
		backend.Hear("Last words")
		enginetest.Must(t, client.CloseWrite())
		backend.HearEnd()
		p.AwaitClosed(engine.BackendClosed, 1)
	})
}

func TestStandReset(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, standing())
		client, backend := p.session()
		client.Say("line\n")
		backend.Hear("LINE\n")
		client.Reset()
		backend.HearReset()
		p.AwaitClosed(engine.ClientReset, 1)

		client, backend = p.session()
		backend.Say("LINE\n")
		client.Hear("line\n")
		backend.Reset()
		client.HearReset()
		p.AwaitClosed(engine.BackendReset, 1)
	})
}

// A standing codec can end the session, in order or with a failure, which the
// client is told of.
func TestStandEndedByTheCodec(t *testing.T) {
	for _, tt := range []struct {
		command, told string
		reason        engine.Reason
	}{
		{"fail\n", refusal(codecs.Malformed), engine.Malformed},
		{"bye\n", "bye\n", engine.ClientClosed},
	} {
		enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
			p := start(t, impl, standing())
			for i, fromBackend := range []bool{false, true} {
				client, backend := p.session()
				client.Say("line\n")
				backend.Hear("LINE\n")
				if fromBackend {
					backend.Say("LAST\n" + tt.command)
					client.Hear("last\n")
				} else {
					client.Say(tt.command)
				}
				client.Hear(tt.told)
				client.HearEnd()
				enginetest.Must(t, client.Close())
				backend.HearGone()
				p.AwaitClosed(tt.reason, uint64(i+1))
			}
		})
	}
}

// awaitStuck waits until the only session moves nothing any more.
func (p *proxy) awaitStuck(t *testing.T) {
	t.Helper()
	same, last := 0, uint64(0)
	enginetest.Eventually(t, "nothing moves any more", func() bool {
		all, _ := p.Sessions(engine.SessionFilter{}, 1)
		if same++; len(all) == 0 || all[0].ToClient != last || last == 0 {
			same = 0
		}
		if len(all) > 0 {
			last = all[0].ToClient
		}
		return same > 20
	})
}

// A session whose client takes nothing more can be closed all the same.
func TestCloseBehindAStuckClient(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, standing(), func(cfg *engine.Config) { cfg.Timeouts.Flush = time.Second / 10 })
		client, backend := p.session()
		flooded := enginetest.Async(func() error { return sayAll(backend, text('D', 64<<20)) })
		p.awaitStuck(t)
		if n := p.CloseSessions(engine.SessionFilter{State: "standing"}); n != 1 {
			t.Errorf("%d closed", n)
		}
		p.AwaitClosed(engine.ByOperator, 1)
		if err := <-flooded; err == nil {
			t.Error("the backend got rid of everything")
		}
		enginetest.CloseAll(t, client, backend)
	})
}

// A client that takes nothing more holds up neither the looking for idle sessions nor
// the end.
func TestDrainBehindAStuckClient(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, standing(), func(cfg *engine.Config) { cfg.DrainIdle = time.Second / 20 })
		client, backend := p.session()
		flooded := enginetest.Async(func() error { return sayAll(backend, text('D', 64<<20)) })
		p.awaitStuck(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		ended := enginetest.Async(func() error { return p.Shutdown(ctx) })
		select {
		case <-ended: // with or without an error, as the session had ended by itself or not
		case <-time.After(enginetest.Patience):
			t.Fatal("the engine doesn't end")
		}
		<-flooded
		enginetest.CloseAll(t, client, backend)
	})
}
