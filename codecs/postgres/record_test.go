package postgres

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// recorder stands between psql and a server and writes down what they say.
type recorder struct {
	t        testing.TB
	listener net.Listener
	running  sync.WaitGroup
	// query is called when psql sends its command.
	query func()

	mu sync.Mutex
	// heard has the turns of each connection, in the order of their accepting.
	heard [][]turn
}

// record holds a conversation and writes its transcripts. psql's own verdict
// doesn't matter: some of the conversations are meant to fail.
func record(t *testing.T, c conversation) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{t: t, listener: listener}
	psql := c.psql(listener.Addr().(*net.TCPAddr))
	if c.cancel {
		r.query = func() { psql.Process.Signal(os.Interrupt) }
	}
	r.running.Go(r.accept)
	said, err := psql.CombinedOutput()
	t.Logf("psql: %s (%v)", said, err)
	listener.Close()
	r.running.Wait()
	names := []string{c.name}
	if c.cancel {
		names = append(names, c.name+"_cancel")
	}
	if len(r.heard) != len(names) {
		t.Fatalf("%d connections were made, want %d", len(r.heard), len(names))
	}
	for i, name := range names {
		writeTranscript(t, name, r.heard[i])
	}
}

// psql returns the command. Its environment is the test's own but for what
// would find its way into the transcript.
func (c conversation) psql(at *net.TCPAddr) *exec.Cmd {
	settings := []string{
		"host=127.0.0.1", "port='" + strings.TrimPrefix(at.AddrPort().String(), "127.0.0.1:") + "'",
		"user='" + c.user + "'", "dbname='" + c.database + "'", "password='" + c.password + "'",
		"sslmode=prefer", "gssencmode=disable", "client_encoding=UTF8",
	}
	if c.replication != "" {
		settings = append(settings, "replication="+c.replication)
	}
	psql := exec.Command("psql", "--no-psqlrc", "--command", c.command, strings.Join(settings, " "))
	psql.Env = []string{"PATH=" + os.Getenv("PATH")}
	return psql
}

// accept serves connections until the listener is closed.
func (r *recorder) accept() {
	for i := 0; ; i++ {
		client, err := r.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			r.t.Error(err)
			return
		}
		r.mu.Lock()
		r.heard = append(r.heard, nil)
		r.mu.Unlock()
		r.running.Go(func() { r.relay(i, client) })
	}
}

// relay serves connection i. Each copy ends with its reader's end, which it
// passes on.
func (r *recorder) relay(i int, client net.Conn) {
	defer client.Close()
	network := "tcp"
	if strings.HasPrefix(*server, "/") {
		network = "unix"
	}
	backend, err := net.Dial(network, *server)
	if err != nil {
		r.t.Error(err)
		return
	}
	defer backend.Close()
	var both sync.WaitGroup
	both.Go(func() { r.copy(i, true, backend, client) })
	both.Go(func() { r.copy(i, false, client, backend) })
	both.Wait()
}

func (r *recorder) copy(i int, fromClient bool, to, from net.Conn) {
	defer to.(interface{ CloseWrite() error }).CloseWrite()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			r.hear(i, turn{client: fromClient, bytes: bytes.Clone(buffer[:n])})
			if _, err := to.Write(buffer[:n]); err != nil {
				return // the other copy reads the reason
			}
			r.notice(fromClient, buffer[0])
		}
		if err != nil {
			if err != io.EOF {
				r.t.Log(err)
			}
			return
		}
	}
}

// notice calls query once psql's command is on its way.
func (r *recorder) notice(fromClient bool, kind byte) {
	if fromClient && kind == 'Q' && r.query != nil {
		r.query()
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
