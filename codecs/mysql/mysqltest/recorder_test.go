package mysqltest

import (
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// patience bounds what would otherwise hang a test for good.
const patience = 30 * time.Second

// backend is where a resource lives.
type backend struct {
	network, address string
	target           codecs.Target
	// verify is more than the target's policy tells, the zero value for nothing.
	verify tlsterm.Verify
}

// recorder is a listener with codecs between its clients and the backends, and
// the smallest driver there can be around them, which sees every byte.
type recorder struct {
	*proxy
	listener net.Listener
	front    codecs.Front
	backends map[string]backend
	// observe is told every session's bytes, nil for none.
	observe func(*transcript)
	running sync.WaitGroup
}

// startRecorder starts one that ends with the test, when every session has
// ended.
func startRecorder(t testing.TB, o mysql.Options, backends map[string]backend) *recorder {
	t.Helper()
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := listener.Addr().(*net.TCPAddr).AddrPort()
	p := &recorder{proxy: &proxy{t: t, at: at}, listener: listener, front: mysql.Front(o), backends: backends}
	p.running.Go(p.accept)
	t.Cleanup(func() {
		listener.Close()
		p.running.Wait()
	})
	return p
}

func (p *recorder) accept() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			p.t.Error(err)
			return
		}
		p.running.Go(func() { p.serve(client) })
	}
}

func (p *recorder) serve(client net.Conn) {
	client.SetDeadline(time.Now().Add(patience))
	s := &session{proxy: p, codec: p.front.New()}
	s.client = newSide(fromClient, client)
	s.run()
	if p.observe != nil {
		p.observe(&s.said)
	}
}
