package webtest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// fine is a response that leaves its connection open.
const fine = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"

// TestAttacks sends each attack with a request hidden behind it. The backend
// sees neither, and the client's connection is closed: what is behind the
// attack is nobody's request.
func TestAttacks(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := startRecorder(t, fine)
		p := startProxy(t, impl, only(backend.Addr().String()))
		for _, a := range attacks {
			t.Run(a.name, func(t *testing.T) {
				statuses, rest := p.exchange(t, a.in+hidden)
				want := append(slices.Repeat([]int{200}, a.goods), a.status)
				if !slices.Equal(statuses, want) || len(rest) > 0 {
					t.Errorf("answers %v and %q, want %v", statuses, rest, want)
				}
				whole, n := backend.take(t)
				if len(whole) != a.goods || n > 0 && a.goods == 0 && !a.begun {
					t.Errorf("the backend has got %d bytes, %d requests: %q", n, len(whole), whole)
				}
			})
		}
	})
}

// TestMalformedAnswers has a backend answer what no client may see.
func TestMalformedAnswers(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, a := range answers {
			t.Run(a.name, func(t *testing.T) {
				p := startProxy(t, impl, only(startRecorder(t, a.text).Addr().String()))
				statuses, rest := p.exchange(t, "GET / HTTP/1.1\r\nHost: alpha.test\r\nConnection: close\r\n\r\n")
				if len(statuses) == 0 || statuses[len(statuses)-1] != http.StatusBadGateway || len(rest) > 0 {
					t.Errorf("answers %v and %q, want 502", statuses, rest)
				}
			})
		}
	})
}

// TestAnswerBehindAnAnswer has a backend send two responses to one request: the
// second must not become the answer to anybody's next.
func TestAnswerBehindAnAnswer(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		const second = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
		backend := startRecorder(t, fine+second)
		p := startProxy(t, impl, only(backend.Addr().String()))
		statuses, rest := p.exchange(t, good+good+"GET /last HTTP/1.1\r\nHost: alpha.test\r\nConnection: close\r\n\r\n")
		if !slices.Equal(statuses, []int{200, 200, 200}) || len(rest) > 0 {
			t.Errorf("answers %v and %q", statuses, rest)
		}
		if whole, _ := backend.take(t); len(whole) != 3 {
			t.Errorf("the backend has got %q", whole)
		}
	})
}

// exchange sends bytes over a connection of their own, and returns the statuses
// of the responses, until the proxy closes the connection, and what was no
// response.
func (p *proxy) exchange(t *testing.T, in string) (statuses []int, rest []byte) {
	t.Helper()
	c, err := net.Dial("tcp", p.Address())
	enginetest.Must(t, err)
	defer enginetest.CloseAll(t, c)
	enginetest.Must(t, c.SetDeadline(enginetest.Soon()))
	_, err = io.WriteString(c, in)
	enginetest.Must(t, err)
	all, err := io.ReadAll(c)
	enginetest.Must(t, err)
	stream := bytes.NewReader(all)
	buffered := bufio.NewReader(stream)
	for {
		left := stream.Len() + buffered.Buffered()
		status, err := readStatus(buffered)
		if err != nil {
			return statuses, all[len(all)-left:]
		}
		statuses = append(statuses, status)
	}
}

// readStatus reads a whole response.
func readStatus(in *bufio.Reader) (int, error) {
	response, err := http.ReadResponse(in, nil)
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0, fmt.Errorf("the body of %s: %w", response.Status, err)
	}
	return response.StatusCode, nil
}
