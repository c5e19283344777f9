package smtptest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

const crlf = "\r\n"

// recorder is a mail server that keeps what it is sent, byte for byte.
type recorder struct {
	listener net.Listener
	// lenient takes a CR or LF for a line's end, also around the dot that ends a
	// message.
	lenient bool
	running sync.WaitGroup
	mu      sync.Mutex
	// messages are those that came to their end, commands all lines else.
	messages [][]byte
	commands []string
}

func startRecorder(t testing.TB, lenient bool) *recorder {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	enginetest.Must(t, err)
	r := &recorder{listener: listener, lenient: lenient}
	r.running.Go(r.accept)
	t.Cleanup(func() {
		enginetest.CloseAll(t, listener)
		r.running.Wait()
	})
	return r
}

func (r *recorder) address() string { return r.listener.Addr().String() }

func (r *recorder) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.running.Go(func() { r.serve(conn) })
	}
}

func (r *recorder) serve(conn net.Conn) {
	defer conn.Close()
	fmt.Fprint(conn, "220 recorder\r\n")
	for in := bufio.NewReaderSize(conn, 64<<10); ; {
		line, err := in.ReadString('\n')
		if err != nil || !r.obey(conn, in, line) {
			return
		}
	}
}

func (r *recorder) obey(conn net.Conn, in *bufio.Reader, line string) bool {
	r.note(line)
	verb, args, _ := strings.Cut(strings.ToUpper(strings.TrimRight(line, crlf)), " ")
	switch verb {
	case "EHLO":
		fmt.Fprint(conn, "250-recorder\r\n250-PIPELINING\r\n250 CHUNKING\r\n")
	case "DATA":
		fmt.Fprint(conn, "354 go\r\n")
		return r.keep(conn, func() ([]byte, error) { return r.message(in) })
	case "BDAT":
		var size int64
		if _, err := fmt.Sscan(args, &size); err != nil {
			return false
		}
		return r.keep(conn, func() ([]byte, error) { return io.ReadAll(io.LimitReader(in, size)) })
	case "QUIT":
		fmt.Fprint(conn, "221 bye\r\n")
		return false
	default:
		fmt.Fprint(conn, "250 fine\r\n")
	}
	return true
}

// message reads one to its end, which is CRLF "." CRLF for those who are
// strict.
func (r *recorder) message(in *bufio.Reader) ([]byte, error) {
	message := []byte(crlf) // of DATA
	for {
		next, err := r.next(in)
		if err != nil {
			return nil, err
		}
		message = append(message, next...)
		if bytes.HasSuffix(message, []byte("\r\n.\r\n")) || r.lenient && looselyEnded(message) {
			return message[len(crlf):], nil
		}
	}
}

// next is as much as holds no end of a message but at its end.
func (r *recorder) next(in *bufio.Reader) ([]byte, error) {
	if r.lenient {
		b, err := in.ReadByte()
		return []byte{b}, err
	}
	return in.ReadBytes('\n')
}

// looselyEnded says that a dot stands between line ends of any kind, and not
// between two that may still become the right ones.
func looselyEnded(message []byte) bool {
	n := len(message)
	return n >= 4 && message[n-2] == '.' && isLineEnd(message[n-3]) && isLineEnd(message[n-1]) &&
		!bytes.HasSuffix(message, []byte("\r\n.\r"))
}

func isLineEnd(b byte) bool { return b == '\r' || b == '\n' }

// keep keeps what read brings.
func (r *recorder) keep(conn net.Conn, read func() ([]byte, error)) bool {
	message, err := read()
	if err != nil {
		return false
	}
	r.mu.Lock()
	r.messages = append(r.messages, message)
	r.mu.Unlock()
	fmt.Fprint(conn, "250 kept\r\n")
	return true
}

func (r *recorder) note(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.commands = append(r.commands, line)
}

// kept returns the messages so far.
func (r *recorder) kept() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.messages
}

// heard returns the lines that weren't messages so far.
func (r *recorder) heard() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.commands, "")
}
