package mongodb

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"
)

// recorder stands between a driver and a server and writes down what they say.
type recorder struct {
	t        *testing.T
	server   string
	listener net.Listener
	running  sync.WaitGroup

	mu sync.Mutex
	// heard has the turns of each connection, in the order of their accepting.
	heard [][]turn
}

// record holds a driver's conversation and writes its transcripts.
func record(t *testing.T, d mongoprograms.Driver, logsIn bool, name string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p, user := programs(t), ""
	if logsIn {
		user = "alice:secret@"
	}
	r := &recorder{t: t, server: ferret(t, p, logsIn), listener: listener}
	r.running.Go(r.accept)
	runClient(t, p, d, "mongodb://"+user+listener.Addr().String()+"/shop?heartbeatFrequencyMS=500")
	listener.Close()
	r.running.Wait()
	r.write(name)
}

// write replaces a driver's transcripts. A connection opened ahead of its use
// may have ended before a word; one whose last request had no reply any more
// ends without it.
func (r *recorder) write(name string) {
	old, err := filepath.Glob(filepath.Join("testdata", "golden", name+"_*.txt"))
	must(r.t, err)
	for _, file := range old {
		must(r.t, os.Remove(file))
	}
	must(r.t, os.MkdirAll(filepath.Join("testdata", "golden"), 0o755))
	for i, turns := range r.heard {
		for len(turns) > 0 && (turns[len(turns)-1].client || !complete(turns[len(turns)-1].bytes)) {
			turns = turns[:len(turns)-1]
		}
		if len(turns) > 0 {
			writeTranscript(r.t, filepath.Join("testdata", "golden", fmt.Sprintf("%s_%d.txt", name, i)), turns)
		}
	}
}

// accept serves connections until the listener is closed.
func (r *recorder) accept() {
	for i := 0; ; i++ {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		r.heard = append(r.heard, nil)
		r.mu.Unlock()
		r.running.Go(func() { r.relay(i, client) })
	}
}

// relay serves connection i until the client ends it.
func (r *recorder) relay(i int, client net.Conn) {
	defer client.Close()
	backend, err := net.Dial("tcp", r.server)
	if err != nil {
		r.t.Error(err)
		return
	}
	var other sync.WaitGroup
	other.Go(func() { r.copy(i, false, client, backend) })
	r.copy(i, true, backend, client)
	backend.Close()
	other.Wait()
}

// copy passes on what one side says, until either ends.
func (r *recorder) copy(i int, fromClient bool, to, from net.Conn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			r.hear(i, turn{client: fromClient, bytes: bytes.Clone(buffer[:n])})
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// hear writes down what was said on connection i; what one side says in
// several pieces is one turn.
func (r *recorder) hear(i int, said turn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	turns := r.heard[i]
	if last := len(turns) - 1; last >= 0 && turns[last].client == said.client {
		turns[last].bytes = append(turns[last].bytes, said.bytes...)
		return
	}
	r.heard[i] = append(turns, said)
}
