package redistest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// startTime is far more than a server needs to start, or a change to arrive: a
// test fails after it.
const startTime = 30 * time.Second

// Server is one redis-server, or a sentinel. Its methods are for the test's
// goroutine and fail the test.
type Server struct {
	t testing.TB
	// Socket is the path of its Unix socket; Address is host:port if it listens
	// there too.
	Socket, Address string
	args            []string
	process         *exec.Cmd
	ended           chan struct{}
}

// Start runs a server on a Unix socket, with further options as on
// redis-server's command line.
func Start(t testing.TB, options ...string) *Server {
	t.Helper()
	return start(t, newServer(t, append([]string{"--port", "0"}, options...)))
}

// StartTCP runs a server that listens on a free port of 127.0.0.1 too.
func StartTCP(t testing.TB, options ...string) *Server {
	t.Helper()
	return startOn(t, "--port", options...)
}

// StartTLS runs a server that speaks TLS on a free port, with a certificate of
// 127.0.0.1 in PEM files.
func StartTLS(t testing.TB, certificate, key, ca string, options ...string) *Server {
	t.Helper()
	return startOn(t, "--tls-port", append([]string{
		"--port", "0", "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", ca, "--tls-auth-clients", "no",
	}, options...)...)
}

// startOn tries free ports until the server gets one: another process may have
// taken it meanwhile.
func startOn(t testing.TB, option string, options ...string) *Server {
	t.Helper()
	for range 10 {
		port := freePort(t)
		s := newServer(t, append([]string{option, port, "--bind", "127.0.0.1"}, options...))
		s.Address = net.JoinHostPort("127.0.0.1", port)
		if s.run() == nil {
			return s
		}
		s.Kill()
	}
	t.Fatal("no redis-server gets a free port")
	return nil
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// newServer has a folder of its own, whose name is short: a socket's path is
// bounded.
func newServer(t testing.TB, options []string) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "redis")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, Socket: filepath.Join(dir, "s")}
	s.args = append([]string{"--unixsocket", s.Socket, "--dir", dir, "--save", "", "--daemonize", "no"}, options...)
	t.Cleanup(func() {
		s.Kill()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return s
}

func start(t testing.TB, s *Server) *Server {
	t.Helper()
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
	return s
}

// run starts the program and waits until it says that it is ready, which is when
// it accepts connections.
func (s *Server) run() error {
	s.process = exec.Command("redis-server", s.args...)
	out, err := s.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.process.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	ready := make(chan string, 1)
	go s.follow(out, ready)
	select {
	case text := <-ready:
		if text != "" {
			return fmt.Errorf("redis-server ended: %s", text)
		}
		return nil
	case <-time.After(startTime):
		return fmt.Errorf("redis-server isn't ready after %v", startTime)
	}
}

// follow reads what the program says, to its end. What it has said goes to ready
// if it ends too early.
func (s *Server) follow(out io.Reader, ready chan<- string) {
	defer close(s.ended)
	var said strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "eady to accept connections") || strings.Contains(lines.Text(), "+monitor master") {
			select {
			case ready <- "":
			default:
			}
		}
		if said.Len() < 1<<16 {
			said.WriteString(lines.Text() + "\n")
		}
	}
	_ = s.process.Wait() // killed, mostly
	select {
	case ready <- said.String() + " ":
	default:
	}
}

// Kill ends the server at once (SIGKILL), without it noticing. It may have ended.
func (s *Server) Kill() {
	if s.ended == nil {
		return
	}
	_ = s.process.Process.Kill()
	<-s.ended
}

// Restart starts a killed server anew, empty, at the same place.
func (s *Server) Restart() {
	s.t.Helper()
	if err := s.run(); err != nil {
		s.t.Fatal(err)
	}
}

// Signal sends a signal to the server, such as SIGSTOP.
func (s *Server) Signal(signal os.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

// Do runs one command over the Unix socket and returns its answer as text: a
// number in digits, a list with its elements in lines.
func (s *Server) Do(command ...string) string {
	s.t.Helper()
	answer, err := s.Try(command...)
	if err != nil {
		s.t.Fatalf("%v: %v", command, err)
	}
	return answer
}

// Try is Do for commands that may fail.
func (s *Server) Try(command ...string) (answer string, err error) {
	c, err := s.client()
	if err != nil {
		return "", err
	}
	defer c.Close()
	return try(c, command)
}

// Client returns a client over the Unix socket, to be closed.
func (s *Server) Client() rueidis.Client {
	s.t.Helper()
	c, err := s.client()
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *Server) client() (rueidis.Client, error) {
	return rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{s.Socket}, ForceSingleClient: true, DisableCache: true, DialCtxFn: dialUnix,
	})
}

// Do runs one command with a client; see Server.Do.
func Do(t testing.TB, c rueidis.Client, command ...string) string {
	t.Helper()
	answer, err := try(c, command)
	if err != nil {
		t.Fatalf("%v: %v", command, err)
	}
	return answer
}

func try(c rueidis.Client, command []string) (answer string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	b := c.B().Arbitrary(command[0])
	if len(command) > 1 {
		b = b.Keys(command[1]).Args(command[2:]...)
	}
	message, err := c.Do(ctx, b.Build()).ToMessage()
	if rueidis.IsRedisNil(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return text(message), nil
}
