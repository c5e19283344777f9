// Package enginetest_test holds both drivers to what the Codec contract promises
// of the actions that only some protocols use: Stand, Compute, StartBackendTLS
// and Step.Patient.
package enginetest_test

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// lines is the codec of a little protocol. The client's first line is the
// resource. From then on each side's lines reach the other, the client's in
// capitals and the backend's in small letters, which shows that they have passed
// through the codec. Part of a line is held back. Where a line is one of the
// commands, that is done instead.
type lines struct {
	t        testing.TB
	commands commands
	// opens is the action of passing lines on, More or Stand, and of Open unless
	// that is a command.
	opens   codecs.Action
	opening string
	// work is what Compute does, computed the step that follows it.
	work     func()
	computed codecs.Step

	opened, closed bool
	busy           atomic.Bool   // work is being done: nothing may be called
	open           *atomic.Int64 // how many of all sessions' are
}

// commands are the codec's steps, by the line that asks for them; they consume
// the line.
type commands map[string]codecs.Step

// maxPending is that of lines, in bytes.
const maxPending = 1000

var (
	_ codecs.Codec    = (*lines)(nil)
	_ codecs.Closer   = (*lines)(nil)
	_ codecs.Computer = (*lines)(nil)
	_ codecs.Upgrader = (*lines)(nil)
)

// front makes each codec like this one.
func (c *lines) front() codecs.Front {
	c.open = new(atomic.Int64)
	return codecs.Front{
		Protocol: codecs.Redis, MaxPending: maxPending, Negotiates: true,
		New: func() codecs.Codec {
			c.open.Add(1)
			return &lines{t: c.t, commands: c.commands, opens: c.opens, opening: c.opening, work: c.work, computed: c.computed, open: c.open}
		},
	}
}

// called checks that the codec may be.
func (c *lines) called(method string) {
	if c.busy.Load() || c.closed {
		c.t.Errorf("%s is called while work is being done, or after Close", method)
	}
}

func (c *lines) Start() codecs.Step {
	c.called("Start")
	return codecs.Step{}
}

func (c *lines) Client(in []byte) codecs.Step {
	c.called("Client")
	line, n := cut(in)
	step, isCommand := c.command(line)
	switch {
	case n == 0:
	case isCommand:
	case c.opened:
		step = codecs.Step{Action: c.opens, ToBackend: bytes.ToUpper(in[:n])}
	default:
		step = codecs.Step{Action: codecs.Route, Resource: line}
	}
	step.Consumed = n
	return step
}

func (c *lines) Open(in []byte, target codecs.Target) codecs.Step {
	c.called("Open")
	if c.opened {
		return c.grant(in, target)
	}
	c.opened = true
	if step, isCommand := c.command([]byte(c.opening)); isCommand {
		return step
	}
	return codecs.Step{Action: c.opens}
}

// grant lets the client have another resource of the same backend. The rest of
// its line, which says what it is for, is consumed.
func (c *lines) grant(in []byte, target codecs.Target) codecs.Step {
	line, n := cut(in)
	if n == 0 {
		return codecs.Step{Action: codecs.Stand}
	}
	said := fmt.Appendf(nil, "granted %s %s\n", target.Metadata[codecs.MetadataDatabase], line)
	return codecs.Step{Action: codecs.Stand, Consumed: n, ToClient: said, ToBackend: bytes.ToUpper(in[:n])}
}

func (c *lines) Backend(in []byte) codecs.Step {
	c.called("Backend")
	line, n := cut(in)
	step, isCommand := c.command(line)
	if n > 0 && !isCommand {
		step = codecs.Step{Action: c.opens, ToClient: bytes.ToLower(in[:n])}
	}
	step.Consumed = n
	return step
}

func (c *lines) command(line []byte) (codecs.Step, bool) {
	step, is := c.commands[string(line)]
	if step.Action == codecs.Compute {
		step.Work = func() {
			c.busy.Store(true)
			defer c.busy.Store(false)
			c.work()
		}
	}
	return step, is
}

func (c *lines) Computed() codecs.Step {
	c.called("Computed")
	return c.computed
}

func (c *lines) Secured(codecs.TLS) codecs.Step {
	c.called("Secured")
	return codecs.Step{}
}

func (c *lines) BackendSecured([]byte) codecs.Step {
	c.called("BackendSecured")
	return codecs.Step{ToBackend: []byte("SECURED\n"), ToClient: []byte("secured\n")}
}

func (c *lines) Close() {
	c.called("Close")
	c.closed = true
	c.open.Add(-1)
}

func (c *lines) Refuse(dst []byte, f codecs.Failure) []byte {
	c.called("Refuse")
	return append(dst, refusal(f.Kind)...)
}

// refusal is how a client is refused.
func refusal(k codecs.Kind) string { return fmt.Sprintf("refused: %v\n", k) }

// cut returns the first line and its length with the line's end, 0 if it isn't
// complete.
func cut(in []byte) (line []byte, n int) {
	end := bytes.IndexByte(in, '\n')
	return in[:max(end, 0)], end + 1
}

// proxy is one with a single event loop, and its backend.
type proxy struct {
	*enginetest.Proxy
	backend *enginetest.Backend
}

// start runs a proxy that speaks as the codec says. In the end all codecs must
// have been closed.
func start(t *testing.T, impl engine.Impl, c *lines, changes ...func(*engine.Config)) *proxy {
	t.Helper()
	t.Cleanup(func() {
		if n := c.open.Load(); n != 0 {
			t.Errorf("%d codecs are not closed", n)
		}
	})
	backend := enginetest.Listen(t)
	return &proxy{enginetest.Start(t, config(t, impl, c, backend, changes...)), backend}
}

func config(t *testing.T, impl engine.Impl, c *lines, backend *enginetest.Backend, changes ...func(*engine.Config)) engine.Config {
	c.t = t
	cfg := enginetest.Config(impl, c.front(), resolve.Fixed(backend.Address()))
	cfg.EventLoops = 1
	for _, change := range changes {
		change(&cfg)
	}
	return cfg
}

// session begins one, up to the backend's connection.
func (p *proxy) session() (client, backend *enginetest.Conn) {
	client = p.Dial()
	client.Say("some\n")
	return client, p.backend.Accept()
}

// exchange is a session of one exchange, from its beginning to its end: the
// event loop has then been everywhere.
func (p *proxy) exchange() {
	client, backend := p.session()
	client.Say("ping\n")
	backend.Hear("PING\n")
	backend.Say("PONG\n")
	client.Hear("pong\n")
	end(client, backend)
}

// end ends a session in order.
func end(client, backend *enginetest.Conn) {
	_ = client.CloseWrite()
	backend.HearEnd()
	_ = backend.CloseWrite()
	client.HearEnd()
}
