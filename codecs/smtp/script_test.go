package smtp

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// someTarget is a backend for a client at 192.0.2.1:40000.
func someTarget(tls codecs.TLSPolicy) codecs.Target {
	return codecs.Target{
		TLS:    tls,
		Client: codecs.Address{IP: [16]byte{10: 0xff, 11: 0xff, 12: 192, 13: 0, 14: 2, 15: 1}, Port: 40000},
	}
}

// script is a whole session.
type script struct {
	name    string
	options Options
	tls     codecs.TLSPolicy
	text    string
}

// play runs the script with bytes in pieces of those sizes.
func (sc script) play(t *testing.T, sizes []byte) {
	t.Helper()
	s := start(t, sc.options)
	s.sizes = sizes
	s.play(someTarget(sc.tls), sc.text)
	if len(s.toClient) > 0 || len(s.toBackend) > 0 {
		t.Errorf("at the end the client heard %q and the backend %q", s.toClient, s.toBackend)
	}
}

// TestScripts plays every script in one piece per turn, in single bytes, and
// in pieces of many sizes.
func TestScripts(t *testing.T) {
	for _, sc := range scripts() {
		t.Run(sc.name, func(t *testing.T) {
			sc.play(t, nil)
			for size := range 40 {
				sc.play(t, []byte{byte(size)})
				sc.play(t, []byte{byte(size), 0})
			}
		})
	}
}

func scripts() []script {
	all := append(helloScripts(), rcptScripts()...)
	all = append(all, authScripts()...)
	return append(all, backendScripts()...)
}
