package passthrough

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"testing"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/clienthello"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scripted is a connection on which one side hears what was prepared and says
// what is kept.
type scripted struct {
	net.Conn
	hears *bytes.Reader
	said  bytes.Buffer
}

func (c *scripted) Read(b []byte) (int, error)  { return c.hears.Read(b) }
func (c *scripted) Write(b []byte) (int, error) { return c.said.Write(b) }

// handshake is what crypto/tls says to a server that answers so.
func handshake(name string, answer []byte) (said []byte, err error) {
	c := &scripted{hears: bytes.NewReader(answer)}
	err = tls.Client(c, &tls.Config{ServerName: name, InsecureSkipVerify: true}).Handshake()
	return c.said.Bytes(), err
}

// hello is the ClientHello of crypto/tls, with "" for no server name.
func hello(name string) []byte {
	said, _ := handshake(name, nil)
	return said
}

// refragmented is the ClientHello in records of so many bytes each.
func refragmented(hello []byte, size int) []byte {
	const header = 5
	var stream []byte
	for rest := hello[header:]; len(rest) > 0; rest = rest[min(size, len(rest)):] {
		n := min(size, len(rest))
		stream = append(append(stream, 22, 3, 1, byte(n>>8), byte(n)), rest[:n]...)
	}
	return stream
}

func TestRoutesByServerName(t *testing.T) {
	whole := hello("Shop.Example")
	for _, sent := range [][]byte{whole, refragmented(whole, 200)} {
		for chunks := range codectest.Splits(sent) {
			s := codectest.Start(t, Front(codecs.MongoDB))
			s.Client(chunks...)
			if s.Action != codecs.Route || string(s.Resource) != "shop.example" {
				t.Fatalf("in %d chunks: action %d, resource %q", len(chunks), s.Action, s.Resource)
			}
			s.Client([]byte("early data"))
			s.Open(codecs.Target{})
			s.Client([]byte(" and more"))
			s.Backend([]byte("ServerHello"))
			if s.Action != codecs.Relay || string(s.ToBackend) != string(sent)+"early data and more" || string(s.ToClient) != "ServerHello" {
				t.Fatalf("action %d, the backend heard %q, the client %q", s.Action, s.ToBackend, s.ToClient)
			}
		}
	}
}

func TestFailures(t *testing.T) {
	nameless := hello("")
	for _, test := range []struct {
		name string
		sent []byte
		at   int
		want codecs.Failure
	}{
		{"no server name", nameless, len(nameless), codecs.Failure{Kind: codecs.NotFound, Detail: detailNoServerName}},
		{"not TLS", []byte("GET / HTTP/1.1\r\n"), 1, codecs.Failure{Kind: codecs.Malformed, Detail: clienthello.NotHandshake.String()}},
		{"an empty record", []byte("\x16\x03\x01\x00\x00"), 5, codecs.Failure{Kind: codecs.Malformed, Detail: clienthello.BadRecordLength.String()}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for end := 1; end <= len(test.sent); end++ {
				s := codectest.Start(t, Front(codecs.MongoDB))
				s.Client(test.sent[:end])
				failed := s.Action == codecs.Fail
				if failed != (end >= test.at) || failed && s.Failure != test.want {
					t.Fatalf("%d bytes: action %d, %+v", end, s.Action, s.Failure)
				}
			}
		})
	}
}

// Every kind reaches crypto/tls as the alert that stands for it.
func TestRefuse(t *testing.T) {
	for _, k := range codecs.Kinds() {
		f := codecs.Failure{Kind: k, Detail: "x", Resource: "shop.example"}
		s := codectest.Start(t, Front(codecs.MongoDB))
		_, err := handshake("shop.example", s.Refuse(f))
		var remote *net.OpError
		if !errors.As(err, &remote) || remote.Err.Error() != tls.AlertError(clienthello.AlertFor(f)).Error() {
			t.Errorf("%v: a client hears %v", k, err)
		}
	}
}

func TestFront(t *testing.T) {
	f := Front(codecs.MongoDB)
	if f.Protocol != codecs.MongoDB || !f.ClientFirst || f.MaxPending != clienthello.MaxSize || f.Negotiates {
		t.Errorf("Front = %v ClientFirst %v MaxPending %d Negotiates %v", f.Protocol, f.ClientFirst, f.MaxPending, f.Negotiates)
	}
}

func TestSessionAllocatesNothing(t *testing.T) {
	f := Front(codecs.MongoDB)
	in := hello("shop.example")
	dst := make([]byte, 0, 16)
	if n := testing.AllocsPerRun(1000, func() {
		c := f.New()
		c.Start()
		c.Client(in[:100])
		c.Client(in)
		c.Open(in, codecs.Target{})
		c.Backend(nil)
		c.Refuse(dst, codecs.Failure{})
	}); n != 0 {
		t.Errorf("%v allocations per session, want 0", n)
	}
}

// FuzzClient holds the codec to these properties, in being a client that sends
// in, in chunks of the given sizes: the outcome doesn't depend on the chunks,
// whoever isn't routed hears an alert, and the backend of one who is hears
// exactly what was sent.
func FuzzClient(f *testing.F) {
	for _, in := range [][]byte{hello("shop.example"), hello(""), refragmented(hello("a"), 30), []byte("GET /"), {22, 3, 1, 0, 0}} {
		f.Add(in, []byte{7, 100})
	}
	f.Fuzz(func(t *testing.T, in, sizes []byte) {
		play := func(sizes []byte) *codectest.Session {
			s := codectest.Start(t, Front(codecs.MongoDB))
			s.Client(codectest.Chop(in, sizes)...)
			return s
		}
		whole, cut := play(nil), play(sizes)
		if whole.Action != cut.Action || whole.Failure != cut.Failure || !bytes.Equal(whole.Resource, cut.Resource) {
			t.Fatalf("at once %+v, in chunks of %v %+v", whole, sizes, cut)
		}
		switch cut.Action {
		case codecs.Fail:
			if len(cut.Refuse(cut.Failure)) != 7 {
				t.Fatalf("%+v has no alert", cut.Failure)
			}
		case codecs.Route:
			if cut.Open(codecs.Target{}); !bytes.Equal(cut.ToBackend, in) {
				t.Fatalf("the client sent %q, the backend heard %q", in, cut.ToBackend)
			}
		}
	})
}
