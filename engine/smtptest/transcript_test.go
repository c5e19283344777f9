package smtptest

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// transcript is what happened to a codec until it was done, one line for each
// event; the test of package codecs/smtp that replays it says what the lines
// mean.
type transcript struct {
	mu     sync.Mutex
	events []happening
}

type happening struct{ what, text string }

// add records an event; what one side says, or is told, in pieces is one.
func (r *transcript) add(what string, text []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	speech := what == "C" || what == "B" || what == "toC" || what == "toB"
	if speech && len(text) == 0 {
		return
	}
	if last := len(r.events) - 1; speech && last >= 0 && r.events[last].what == what {
		r.events[last].text += string(text)
		return
	}
	r.events = append(r.events, happening{what, string(text)})
}

func (r *transcript) lines() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var text strings.Builder
	for _, e := range r.events {
		fmt.Fprintf(&text, "%s %+q\n", e.what, e.text)
	}
	return text.String()
}

// write makes it package codecs/smtp's.
func (r *transcript) write(t *testing.T, name string) {
	t.Helper()
	file := filepath.Join("..", "..", "codecs", "smtp", "testdata", "golden", name+".txt")
	enginetest.Must(t, os.WriteFile(file, []byte(r.lines()), 0o644))
}

// tapped has the front's codecs be overheard. For one session at a time.
func (r *transcript) tapped(front codecs.Front) codecs.Front {
	made := front.New
	front.New = func() codecs.Codec {
		codec := made()
		return &tap{Codec: codec, Ender: codec.(codecs.Ender), upgrader: codec.(codecs.Upgrader), transcript: r}
	}
	return front
}

// tap is a codec that notes what it is called with and what it says.
type tap struct {
	codecs.Codec
	codecs.Ender
	upgrader   codecs.Upgrader
	transcript *transcript
	// client and backend are the unconsumed bytes of each side, which are
	// presented again.
	client, backend []byte
}

func (c *tap) Start() codecs.Step { return c.note(c.Codec.Start()) }

func (c *tap) Client(in []byte) codecs.Step {
	c.hear("C", &c.client, in)
	return c.consumed(&c.client, c.Codec.Client(in))
}

func (c *tap) Backend(in []byte) codecs.Step {
	c.hear("B", &c.backend, in)
	return c.consumed(&c.backend, c.Codec.Backend(in))
}

// Open tells the codec of an address that is the same every time.
func (c *tap) Open(in []byte, target codecs.Target) codecs.Step {
	target.Client = codecs.Address{IP: netip.MustParseAddr("192.0.2.1").As16(), Port: 40000}
	c.hear("C", &c.client, in)
	return c.consumed(&c.client, c.Codec.Open(in, target))
}

func (c *tap) Refuse(dst []byte, f codecs.Failure) []byte {
	all := c.Codec.Refuse(dst, f)
	c.transcript.add("toC", all[len(dst):])
	return all
}

// Secured implements codecs.Upgrader.
func (c *tap) Secured(t codecs.TLS) codecs.Step {
	c.transcript.add("tls", []byte(t.ServerName))
	return c.note(c.upgrader.Secured(t))
}

// BackendSecured implements codecs.Upgrader.
func (c *tap) BackendSecured(in []byte) codecs.Step {
	c.transcript.add("btls", nil)
	return c.consumed(&c.client, c.upgrader.BackendSecured(in))
}

// hear notes what of in is new.
func (c *tap) hear(who string, known *[]byte, in []byte) {
	c.transcript.add(who, in[len(*known):])
	*known = append((*known)[:0], in...)
}

func (c *tap) consumed(known *[]byte, step codecs.Step) codecs.Step {
	*known = (*known)[step.Consumed:]
	return c.note(step)
}

// note notes a step, and what a relay begins with.
func (c *tap) note(step codecs.Step) codecs.Step {
	c.transcript.add("toC", step.ToClient)
	c.transcript.add("toB", step.ToBackend)
	switch step.Action {
	case codecs.Route:
		c.transcript.add("route", step.Resource)
	case codecs.Relay:
		c.transcript.add("toC", c.backend)
		c.transcript.add("toB", c.client)
	}
	return step
}
