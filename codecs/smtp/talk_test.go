package smtp

import (
	"bytes"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// talk is a codec between two sides that the test plays, driven and held to
// the contract as a driver does it. What the codec hasn't consumed of one side
// is presented again after every step of the other's.
type talk struct {
	t      testing.TB
	codec  *codec
	front  codecs.Front
	action codecs.Action
	// toClient and toBackend are what the sides have heard, and not been asked
	// about yet.
	toClient, toBackend []byte
	resource            string
	failure             codecs.Failure
	fromClient          []byte
	fromBackend         []byte
	opened, stood       bool
	// sizes are the lengths of the pieces in which bytes come, over and over.
	// Without any they come as they are sent.
	sizes []byte
	turn  int
}

func start(t testing.TB, o Options) *talk {
	t.Helper()
	front := Front(o)
	s := &talk{t: t, front: front, codec: front.New().(*codec)}
	if o.TLS == TLSImplicit {
		s.codec.Secured(codecs.TLS{ServerName: "implicit.example"})
	}
	s.absorb(s.codec.Start(), nil)
	return s
}

// ended says that nothing more is presented to the codec.
func (s *talk) ended() bool {
	return s.action == codecs.Fail || s.action == codecs.Close || s.action == codecs.Relay
}

// listens says that the codec listens.
func (s *talk) listens() bool {
	return s.action == codecs.More || s.action == codecs.Stand
}

// client sends text as the client.
func (s *talk) client(text string) {
	s.t.Helper()
	s.pieces(text, &s.fromClient)
}

// backend sends text as the backend.
func (s *talk) backend(text string) {
	s.t.Helper()
	s.pieces(text, &s.fromBackend)
}

// pieces lets text arrive in the pieces that are asked for.
func (s *talk) pieces(text string, pending *[]byte) {
	s.t.Helper()
	for len(text) > 0 {
		n := len(text)
		if len(s.sizes) > 0 {
			n = min(n, int(s.sizes[s.turn%len(s.sizes)])+1)
			s.turn++
		}
		*pending = append(*pending, text[:n]...)
		text = text[n:]
		s.present()
	}
}

// present shows the codec both sides' bytes until it takes none.
func (s *talk) present() {
	s.t.Helper()
	for progress := true; progress; {
		progress = s.show(&s.fromBackend, s.codec.Backend) || s.show(&s.fromClient, s.codec.Client)
	}
	if s.action == codecs.Relay {
		s.toBackend = append(s.toBackend, s.fromClient...)
		s.toClient = append(s.toClient, s.fromBackend...)
		s.fromClient, s.fromBackend = nil, nil
	}
}

func (s *talk) show(pending *[]byte, method func([]byte) codecs.Step) bool {
	s.t.Helper()
	if !s.listens() || len(*pending) == 0 {
		return false
	}
	return s.with(pending, method)
}

// with shows a copy and spoils it afterwards, as a read buffer is.
func (s *talk) with(pending *[]byte, method func([]byte) codecs.Step) bool {
	s.t.Helper()
	in := bytes.Clone(*pending)
	step := method(in)
	if !bytes.Equal(in, *pending) {
		s.t.Errorf("the codec wrote to its input: %q is now %q", *pending, in)
	}
	s.absorb(step, in)
	*pending = (*pending)[step.Consumed:]
	clear(in)
	return step.Consumed > 0 || step.Action != codecs.More
}

func (s *talk) absorb(step codecs.Step, in []byte) {
	s.t.Helper()
	s.check(step, in)
	s.action = step.Action
	s.toClient = append(s.toClient, step.ToClient...)
	s.toBackend = append(s.toBackend, step.ToBackend...)
	switch step.Action {
	case codecs.Route:
		s.resource = string(step.Resource)
	case codecs.Fail:
		s.failure = step.Failure
		s.toClient = s.codec.Refuse(s.toClient, step.Failure)
	case codecs.Stand:
		s.stood = true
	}
}

func (s *talk) check(step codecs.Step, in []byte) {
	s.t.Helper()
	for _, rule := range []struct {
		broken bool
		text   string
	}{
		{step.Consumed < 0 || step.Consumed > len(in), "Consumed is outside the input"},
		{!s.opened && step.ToBackend != nil, "ToBackend before Open"},
		{!s.opened && (step.Action == codecs.Relay || step.Action == codecs.Stand), "an established session before Open"},
		{!s.opened && step.Action == codecs.StartBackendTLS, "StartBackendTLS before Open"},
		{s.opened && step.Action == codecs.StartTLS, "StartTLS after Open"},
		{s.opened && step.Action == codecs.Route, "a second route"},
		{s.stood && step.Action != codecs.More && step.Action != codecs.Fail && step.Action != codecs.Close, "more than passing on in an established session"},
		{(step.Action == codecs.Route) != (len(step.Resource) > 0), "Resource must be there iff Action is Route"},
		{step.Action == codecs.StartTLS && step.Consumed < len(in), "StartTLS with bytes behind it"},
		{step.Action == codecs.StartBackendTLS && step.Consumed < len(in), "StartBackendTLS with bytes behind it"},
		{step.Action != codecs.Fail && step.Failure != codecs.Failure{}, "Failure without Fail"},
	} {
		if rule.broken {
			s.t.Fatalf("%s: %+v on %q", rule.text, step, in)
		}
	}
}

// open says that the backend is connected.
func (s *talk) open(target codecs.Target) {
	s.t.Helper()
	if s.action != codecs.Route {
		s.t.Fatalf("action %d, want a route; the client heard %q", s.action, s.toClient)
	}
	s.opened, s.action = true, codecs.More
	s.with(&s.fromClient, func(in []byte) codecs.Step { return s.codec.Open(in, target) })
	s.present()
}

// secured says that TLS stands on the client's leg.
func (s *talk) secured(name string) {
	s.t.Helper()
	if s.action != codecs.StartTLS {
		s.t.Fatalf("action %d, want StartTLS; the client heard %q", s.action, s.toClient)
	}
	s.absorb(s.codec.Secured(codecs.TLS{ServerName: name}), nil)
	s.present()
}

// backendSecured says that TLS stands on the backend's leg.
func (s *talk) backendSecured() {
	s.t.Helper()
	if s.action != codecs.StartBackendTLS {
		s.t.Fatalf("action %d, want StartBackendTLS; the backend heard %q", s.action, s.toBackend)
	}
	s.action = codecs.More
	s.with(&s.fromClient, s.codec.BackendSecured)
	s.present()
}

// play performs a script: every line begins with who says it.
//
//	C:  what the client sends; \ at its end leaves out the CRLF
//	B:  what the backend sends
//	c:  what the client has heard since
//	b:  what the backend has heard since
//	route name, tls name, btls, relay, stand, close, fail
//
// c: and b: take all that was heard; several in a row are one text.
func (s *talk) play(target codecs.Target, script string) {
	s.t.Helper()
	lines := strings.Split(strings.TrimSpace(script), "\n")
	for i := 0; i < len(lines); {
		side, text := cutScript(lines[i])
		j := i + 1
		for ; j < len(lines); j++ {
			other, more := cutScript(lines[j])
			if other != side || len(side) > 1 {
				break
			}
			text += more
		}
		if !s.perform(side, text, target) {
			s.t.Fatalf("line %d: %s", i+1, strings.TrimSpace(lines[i]))
		}
		i = j
	}
}

func cutScript(line string) (side, text string) {
	line = strings.TrimLeft(line, " \t")
	if len(line) < 2 || line[1] != ':' {
		return strings.TrimSpace(line), ""
	}
	text = strings.TrimPrefix(line[2:], " ")
	if cut, glued := strings.CutSuffix(text, `\`); glued {
		return line[:1], cut
	}
	return line[:1], text + crlf
}

func (s *talk) perform(side, text string, target codecs.Target) bool {
	s.t.Helper()
	word, arg, _ := strings.Cut(side, " ")
	switch word {
	case "C":
		s.client(text)
	case "B":
		s.backend(text)
	case "c":
		return s.heard("client", &s.toClient, text)
	case "b":
		return s.heard("backend", &s.toBackend, text)
	case "route":
		if s.resource != arg {
			s.t.Errorf("resource %q, want %q", s.resource, arg)
			return false
		}
		s.open(target)
	case "tls":
		s.secured(arg)
	case "btls":
		s.backendSecured()
	case "relay":
		return s.action == codecs.Relay
	case "stand":
		return s.stood && !s.ended()
	case "close":
		return s.action == codecs.Close
	case "fail":
		return s.action == codecs.Fail
	default:
		s.t.Fatalf("what is %q?", side)
	}
	return true
}

func (s *talk) heard(who string, said *[]byte, want string) bool {
	s.t.Helper()
	got := string(*said)
	*said = nil
	if got != want {
		s.t.Errorf("the %s heard %q, want %q", who, got, want)
	}
	return got == want
}
