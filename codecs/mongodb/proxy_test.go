package mongodb

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// proxy is a driver of codecs: a goroutine for each direction of each
// connection, which runs the codec between real clients and real servers.
type proxy struct {
	t        *testing.T
	front    codecs.Front
	backends map[string]string // the addresses, by resource id
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	routed []string // the resource ids asked for
	open   map[net.Conn]bool
}

// serve starts a proxy, until the end of the test.
func serve(t *testing.T, o Options, backends map[string]string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &proxy{t: t, front: Front(o), backends: backends, listener: listener, open: map[net.Conn]bool{}}
	p.running.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		s := &link{proxy: p, client: client, codec: p.front.New()}
		p.hold(client)
		p.running.Go(s.run)
	}
}

// hold has close end a connection.
func (p *proxy) hold(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[c] = true
}

func (p *proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	for c := range p.open {
		c.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
}

// asked returns the resource ids asked for so far.
func (p *proxy) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.routed...)
}

// link is one client's session.
type link struct {
	proxy  *proxy
	client net.Conn
	codec  codecs.Codec

	// mu is held while the codec is called and what it says is done.
	mu       sync.Mutex
	backend  net.Conn
	address  string
	relaying bool
	ended    bool
	// fromClient and fromBackend are the bytes no step has consumed.
	fromClient, fromBackend []byte
}

func (l *link) run() {
	defer l.end()
	l.do(l.codec.Start(), &l.fromClient)
	l.read(l.client, &l.fromClient, func() {
		l.present(&l.fromClient, l.codec.Client)
	})
}

func (l *link) end() {
	l.client.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	if l.backend != nil {
		l.backend.Close()
	}
}

// read reads a side to its end and has what it says dealt with.
func (l *link) read(side net.Conn, pending *[]byte, deal func()) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := side.Read(buffer)
		l.mu.Lock()
		*pending = append(*pending, buffer[:n]...)
		deal()
		ended := l.ended
		l.mu.Unlock()
		if err != nil || ended {
			return
		}
	}
}

// present calls a method of the codec with what is pending, again as long as it
// consumes some.
func (l *link) present(pending *[]byte, method func([]byte) codecs.Step) {
	for !l.ended && !l.relaying && len(*pending) > 0 {
		before := len(*pending)
		step := method(*pending)
		l.do(step, pending)
		if step.Action != codecs.Route && len(*pending) == before {
			break
		}
	}
	if !l.relaying && len(*pending) > l.proxy.front.MaxPending {
		l.refuse(codecs.Failure{Kind: codecs.Malformed})
	}
	if l.relaying {
		l.flush()
	}
}

func (l *link) flush() {
	l.write(l.backend, &l.fromClient)
	l.write(l.client, &l.fromBackend)
}

func (l *link) write(to net.Conn, pending *[]byte) {
	if _, err := to.Write(*pending); err != nil {
		l.ended = true
	}
	*pending = nil
}

// do does what a step on the pending bytes says.
func (l *link) do(step codecs.Step, pending *[]byte) {
	if len(step.ToBackend) > 0 {
		l.backend.Write(step.ToBackend)
	}
	if len(step.ToClient) > 0 {
		l.client.Write(step.ToClient)
	}
	resource := string(step.Resource)
	*pending = bytes.Clone((*pending)[step.Consumed:])
	switch step.Action {
	case codecs.Relay:
		l.relaying = true
	case codecs.Fail:
		l.refuse(step.Failure)
	case codecs.Route:
		l.route(resource)
	}
}

// route connects to a resource's backend, or finds that the one there is is it.
func (l *link) route(resource string) {
	p := l.proxy
	p.mu.Lock()
	p.routed = append(p.routed, resource)
	p.mu.Unlock()
	address, known := p.backends[resource]
	switch {
	case !known:
		l.refuse(codecs.Failure{Kind: codecs.NotFound, Resource: resource})
		return
	case l.backend != nil && address != l.address:
		l.refuse(codecs.Failure{Kind: codecs.Forbidden, Resource: resource})
		return
	case l.backend == nil && !l.dial(resource, address):
		return
	}
	l.do(l.codec.Open(l.fromClient, codecs.Target{}), &l.fromClient)
}

func (l *link) dial(resource, address string) bool {
	backend, err := net.Dial("tcp", address)
	if err != nil {
		l.refuse(codecs.Failure{Kind: codecs.Unavailable, Resource: resource})
		return false
	}
	l.backend, l.address = backend, address
	l.proxy.hold(backend)
	l.proxy.running.Go(func() {
		l.read(backend, &l.fromBackend, func() {
			l.present(&l.fromBackend, l.codec.Backend)
			l.present(&l.fromClient, l.codec.Client)
		})
		l.backendEnded()
	})
	return true
}

func (l *link) backendEnded() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ended && !l.relaying {
		l.refuse(codecs.Failure{Kind: codecs.Unavailable})
	}
	l.client.Close()
}

// refuse ends the session with what the codec says.
func (l *link) refuse(f codecs.Failure) {
	words := l.codec.Refuse(nil, f)
	if _, err := l.client.Write(words); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		l.proxy.t.Log(err)
	}
	l.ended = true
	l.client.(*net.TCPConn).CloseWrite()
}
