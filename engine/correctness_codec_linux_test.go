package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// A little protocol for the phases that the tcp codec doesn't have. The client
// first sends a line:
//
//	NAME        routes to the resource
//	cancel KEY  routes to whoever has issued the key
//	bad KIND    fails with the kind of that number
//	panic       panics
//
// What follows it is the backend's. A refusal is a line, see refusal.
type script struct {
	// greeting is said to every client.
	greeting string
	// banner has the codec wait for the backend's first line and pass it on
	// before it lets go. A line "key KEY" is a key the backend issues.
	banner bool
	// hungry never has enough and consumes nothing; greedy never has enough
	// and consumes everything. Both from whom they name: "client", "backend".
	hungry, greedy string
	// panics names the method that panics.
	panics string
}

// scriptPending is how much the engine may keep for the codec.
const scriptPending = 1000

// front makes the script a protocol.
func (s script) front() codecs.Front {
	return codecs.Front{
		Protocol:   codecs.Redis,
		MaxPending: scriptPending,
		New: func() codecs.Codec {
			s.trap("new")
			return &scriptCodec{script: s}
		},
	}
}

func (s script) trap(method string) {
	if s.panics == method {
		panic("the script says so: " + method)
	}
}

// scriptCodec is one session's.
type scriptCodec struct {
	script
	opened bool
}

func (c *scriptCodec) Start() codecs.Step {
	c.trap("start")
	return codecs.Step{ToClient: []byte(c.greeting)}
}

func (c *scriptCodec) Client(in []byte) codecs.Step {
	c.trap("client")
	if step, insatiable := c.insatiable("client", in); insatiable {
		return step
	}
	if c.opened {
		return codecs.Step{ToBackend: in, Consumed: len(in)}
	}
	line, n := cutLine(in)
	if n == 0 {
		return codecs.Step{}
	}
	return command(line, n)
}

// command does what the client's line says; n bytes are consumed by it.
func command(line []byte, n int) codecs.Step {
	word, argument, _ := bytes.Cut(line, []byte(" "))
	switch string(word) {
	case "cancel":
		return codecs.Step{Action: codecs.RouteKey, Key: argument, Consumed: n}
	case "bad":
		kind := codecs.Kind(argument[0] - '0')
		return codecs.Step{Action: codecs.Fail, Failure: codecs.Failure{Kind: kind, Detail: "as said"}, Consumed: n}
	case "panic":
		panic("the client says so")
	}
	return codecs.Step{Action: codecs.Route, Resource: line, Consumed: n}
}

func (c *scriptCodec) Open([]byte, codecs.Target) codecs.Step {
	c.trap("open")
	c.opened = true
	if c.banner || c.hungry == "backend" || c.greedy == "backend" || c.panics == "backend" {
		return codecs.Step{}
	}
	return codecs.Step{Action: codecs.Relay}
}

func (c *scriptCodec) Backend(in []byte) codecs.Step {
	c.trap("backend")
	if step, insatiable := c.insatiable("backend", in); insatiable {
		return step
	}
	line, n := cutLine(in)
	if n == 0 {
		return codecs.Step{}
	}
	key, _ := bytes.CutPrefix(line, []byte("key "))
	if len(key) == len(line) {
		key = nil
	}
	return codecs.Step{Action: codecs.Relay, ToClient: in[:n], Consumed: n, Key: key}
}

func (c *scriptCodec) insatiable(side string, in []byte) (codecs.Step, bool) {
	switch side {
	case c.hungry:
		return codecs.Step{}, true
	case c.greedy:
		return codecs.Step{Consumed: len(in)}, true
	}
	return codecs.Step{}, false
}

func (c *scriptCodec) Refuse(dst []byte, f codecs.Failure) []byte {
	c.trap("refuse")
	return append(dst, refusal(f.Kind, f.Detail, f.Resource)...)
}

// refusal is how a client is refused.
func refusal(kind codecs.Kind, detail, resource string) string {
	return fmt.Sprintf("refused: %v %q %q\n", kind, detail, resource)
}

// cutLine returns the first line and its length with the line's end, 0 if it
// isn't complete.
func cutLine(in []byte) (line []byte, n int) {
	end := bytes.IndexByte(in, '\n')
	return in[:max(end, 0)], end + 1
}

// names is a resolver that knows some names.
type names map[string]func(ctx context.Context) (resolve.Result, error)

// Resolve answers for a name, or "name anything".
func (n names) Resolve(ctx context.Context, r resolve.Request) (resolve.Result, error) {
	if answer, known := n[strings.Fields(r.Resource)[0]]; known {
		return answer(ctx)
	}
	return resolve.Result{}, resolve.Errorf(resolve.NotFound, "no resource %q", r.Resource)
}

// at answers with an address.
func at(addr *net.TCPAddr) func(context.Context) (resolve.Result, error) {
	return func(context.Context) (resolve.Result, error) {
		return resolve.Result{Endpoint: addr.String()}, nil
	}
}

// fails answers with an error.
func fails(kind resolve.Kind) func(context.Context) (resolve.Result, error) {
	return func(context.Context) (resolve.Result, error) {
		return resolve.Result{}, resolve.Errorf(kind, "secret detail")
	}
}

// hangs doesn't answer before it may go, or is cancelled. asked is told of
// each question.
func hangs(asked chan<- struct{}, mayGo <-chan struct{}, then func(context.Context) (resolve.Result, error)) func(context.Context) (resolve.Result, error) {
	return func(ctx context.Context) (resolve.Result, error) {
		asked <- struct{}{}
		select {
		case <-mayGo:
			return then(ctx)
		case <-ctx.Done():
			return resolve.Result{}, ctx.Err()
		}
	}
}
