package redis

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
)

const testPassword = "hunter2-of-everybody"

// startParrot answers every command with an error that quotes the password, as servers do
// that are too old to know how it is said to them. It returns its address.
func startParrot(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { repeat(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); serving.Wait() })
	return l.Addr().String()
}

func repeat(c net.Conn) {
	defer c.Close()
	for in := bufio.NewScanner(c); in.Scan(); {
		if strings.HasPrefix(in.Text(), "*") { // a command
			fmt.Fprintf(c, "-ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'alice' '%s'\r\n", testPassword)
		}
	}
}

// No word of the server has the password come to light.
func TestErrorsHaveNoPassword(t *testing.T) {
	var log bytes.Buffer // written by the link's goroutine, which has ended when New returns
	_, err := New(Options{
		Addresses: []string{startParrot(t)}, Username: "alice", Password: testPassword, Activity: "-",
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err == nil {
		t.Fatal("a server that knows no command will do")
	}
	for what, text := range map[string]string{"error": err.Error(), "log": log.String()} {
		if strings.Contains(text, testPassword) || !strings.Contains(text, hidden) {
			t.Errorf("the %s: %s", what, text)
		}
	}
}

func TestWithoutSecrets(t *testing.T) {
	o := Options{Password: "one", SentinelPassword: "two"}
	if err := o.withoutSecrets(nil); err != nil {
		t.Errorf("none became %v", err)
	}
	if err := o.withoutSecrets(io.EOF); err != io.EOF {
		t.Errorf("one without a password became %v", err)
	}
	told := fmt.Errorf("one, two: %w", io.EOF)
	err := o.withoutSecrets(told)
	if err.Error() != "xxxxx, xxxxx: EOF" || !errors.Is(err, io.EOF) {
		t.Errorf("%v, is EOF: %v", err, errors.Is(err, io.EOF))
	}
	if err := new(Options).withoutSecrets(told); err != told {
		t.Errorf("without passwords: %v", err)
	}
}

// An error without its password is of the same kind.
func TestWithoutSecretsStaysOfItsKind(t *testing.T) {
	o := Options{Password: testPassword}
	for _, err := range []error{io.EOF, fmt.Errorf("%s: %w", testPassword, io.EOF)} {
		if !isPassing(o.withoutSecrets(err)) {
			t.Errorf("%v isn't passing", err)
		}
	}
}
