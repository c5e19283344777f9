package webtest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// recorder is a backend that takes down what it is sent, answers every whole
// request and then closes, so that what it got can be told apart.
type recorder struct {
	net.Listener
	answer  string
	serving sync.WaitGroup
	mu      sync.Mutex // guards what follows
	whole   []string   // requests, as "METHOD target body"
	bytes   int        // all, of requests that are whole or not
	marks   map[string]chan struct{}
}

func startRecorder(t *testing.T, answer string) *recorder {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	enginetest.Must(t, err)
	r := &recorder{Listener: l, answer: answer, marks: make(map[string]chan struct{})}
	accepting := make(chan struct{})
	go func() {
		defer close(accepting)
		r.accept()
	}()
	t.Cleanup(func() {
		enginetest.CloseAll(t, l)
		<-accepting
		r.serving.Wait()
	})
	return r
}

// accept takes connections in the order in which they came.
func (r *recorder) accept() {
	for {
		c, err := r.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		mark := r.marks[c.RemoteAddr().String()]
		r.mu.Unlock()
		if mark != nil {
			_ = c.Close() // nothing was sent
			close(mark)
			continue
		}
		r.serving.Go(func() { r.serve(c) })
	}
}

// serve takes down one connection until it ends.
func (r *recorder) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(io.TeeReader(c, counted{r}))
	request, err := http.ReadRequest(in)
	if err == nil {
		var body []byte
		if body, err = io.ReadAll(request.Body); err == nil {
			r.add(request.Method + " " + request.RequestURI + " " + string(body))
			_, _ = io.WriteString(c, r.answer) // the proxy may be gone
			_ = c.(*net.TCPConn).CloseWrite()
		}
	}
	_, _ = io.Copy(io.Discard, in) // until the end, whatever that is
}

func (r *recorder) add(request string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.whole = append(r.whole, request)
}

// counted counts what a recorder gets.
type counted struct{ r *recorder }

// Write implements io.Writer.
func (c counted) Write(b []byte) (int, error) {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.r.bytes += len(b)
	return len(b), nil
}

// take returns what was recorded since the last time. All connections made so
// far are waited for: a mark is sent behind them.
func (r *recorder) take(t *testing.T) (whole []string, bytes int) {
	t.Helper()
	r.mark(t)
	r.serving.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	whole, bytes = r.whole, r.bytes
	r.whole, r.bytes = nil, 0
	return whole, bytes
}

// mark returns when every connection made before has been accepted.
func (r *recorder) mark(t *testing.T) {
	t.Helper()
	arrived := make(chan struct{})
	r.mu.Lock()
	c, err := net.Dial("tcp", r.Addr().String())
	if err == nil {
		r.marks[c.LocalAddr().String()] = arrived
	}
	r.mu.Unlock()
	enginetest.Must(t, err)
	<-arrived
	enginetest.CloseAll(t, c)
}
