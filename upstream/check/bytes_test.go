package check

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/iotest"
	"time"

	"github.com/proxy-engine/proxy-engine/upstream"
)

// replay is a backend of which everything that it will ever say is known.
type replay struct {
	net.Conn // nil: nothing else is called
	answer   io.Reader
	read     int
}

func (r *replay) Read(b []byte) (int, error) {
	n, err := r.answer.Read(b)
	r.read += n
	return n, err
}

func (r *replay) Write(b []byte) (int, error)     { return len(b), nil }
func (r *replay) SetReadDeadline(time.Time) error { return nil }
func (r *replay) RemoteAddr() net.Addr            { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

var checks = []Func{PostgreSQL, MySQL, MongoDB, SMTP, HTTP("", "", 0)}

// goodAnswers are what backends that are well say, in the order of checks.
var goodAnswers = []string{
	"R\x00\x00\x00\x17\x00\x00\x00\x0aSCRAM-SHA-256\x00\x00",
	mysqlGreeting + mysqlPacket(2, "\xfemysql_native_password\x0012345678901234567890\x00") + mysqlPacket(4, "\xff\x15\x04#28000Access denied"),
	mongoYes,
	"220-mx\r\n220 ESMTP\r\n",
	"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
}

// TestEveryCut ends the answers of good backends anywhere: that is a backend
// which hung up, until enough has been said.
func TestEveryCut(t *testing.T) {
	for i, fn := range checks {
		whole := goodAnswers[i]
		needed := len(whole)
		if i == 0 {
			needed = 5 // that the server authenticates is said by the message's head
		}
		for cut := range len(whole) + 1 {
			err := fn(t.Context(), &replay{answer: iotest.OneByteReader(bytes.NewReader([]byte(whole[:cut])))})
			switch {
			case cut >= needed && err != nil:
				t.Errorf("check %d, cut at %d of %d: %v", i, cut, len(whole), err)
			case cut < needed && upstream.Classify(explain(err)) != upstream.HungUp && upstream.Classify(explain(err)) != upstream.Failed:
				t.Errorf("check %d, cut at %d of %d: %v", i, cut, len(whole), err)
			}
		}
	}
}

// FuzzChecks has backends say anything: however it is chopped the verdict is the
// same, and of what has no end only so much is read.
func FuzzChecks(f *testing.F) {
	for i, answer := range goodAnswers {
		f.Add(byte(i), []byte(answer))
	}
	f.Add(byte(0), []byte(postgresError("57P03")))
	f.Add(byte(1), []byte(mysqlPacket(0, "\xff\x10\x04Too many connections")))
	f.Fuzz(func(t *testing.T, which byte, answer []byte) {
		fn := checks[int(which)%len(checks)]
		whole := fn(context.Background(), &replay{answer: bytes.NewReader(answer)})
		chopped := fn(context.Background(), &replay{answer: iotest.OneByteReader(bytes.NewReader(answer))})
		if (whole == nil) != (chopped == nil) || upstream.Classify(explain(whole)) != upstream.Classify(explain(chopped)) {
			t.Fatalf("at once: %v, chopped: %v", whole, chopped)
		}
		endless := &replay{answer: io.MultiReader(bytes.NewReader(answer), endless{})}
		err := fn(context.Background(), endless)
		if most := 4 * max(longestText, longestMongo); endless.read > most+len(answer) {
			t.Fatalf("%d bytes were read (%v)", endless.read, err)
		}
		if whole == nil && err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && which%5 != 4 {
			t.Fatalf("well, but with more behind it: %v", err)
		}
	})
}

// endless is a backend that doesn't stop.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }
