package enginetest_test

import (
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// serving is a codec that answers a client itself.
func serving() *lines {
	return &lines{commands: commands{"hello": {ToClient: []byte("hello\n"), Patient: true}}}
}

// A client that the codec serves needn't name its resource in time.
func TestPatientBeyondDetect(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, serving(), func(cfg *engine.Config) { cfg.Timeouts.Detect = time.Second / 10 })
		client := p.Dial()
		client.Say("hello\n")
		client.Hear("hello\n")
		p.awaitDetectTimeout()
		client.Say("some\nquestion\n")
		backend := p.backend.Accept()
		backend.Hear("QUESTION\n")
		end(client, backend)
	})
}

// It may not be silent for longer than an idle client may.
func TestPatientNotForever(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, serving(), func(cfg *engine.Config) { cfg.Timeouts.Idle = time.Second / 10 })
		client := p.Dial()
		client.Say("hello\nhello\nhalf a line")
		client.Hear("hello\nhello\n")
		client.Hear(refusal(codecs.Timeout))
		client.HearEnd()
		enginetest.Must(t, client.Close())
		p.AwaitClosed(engine.IdleTimeout, 1)
	})
}
