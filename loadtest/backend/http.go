//go:build linux

package backend

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/http1"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
)

const (
	// httpRead is how much is read from an HTTP connection at once, and so
	// bounds how many requests of one client are answered before the next
	// client's turn, and how many answers wait for a client that doesn't read.
	httpRead = 64 << 10
	// httpDiscard is how much of what follows a refused request is read, so
	// that the refusal isn't lost in a reset.
	httpDiscard = 1 << 20
)

// httpPhase says what an HTTP connection is good for.
type httpPhase uint8

const (
	// serving is the first: requests are read when no answer waits. Left for
	// closing or refusing.
	serving httpPhase = iota
	// closing is entered with an answer that is the last: the connection is
	// closed when it has been sent. Terminal.
	closing
	// refusing is the same for clients that may still be sending: this side's
	// direction is ended when the answer has been sent. Left for discarding.
	refusing
	// discarding reads and forgets until the client has ended its side too.
	// Terminal.
	discarding
)

// String returns the phase's name.
func (p httpPhase) String() string {
	switch p {
	case serving:
		return "serving"
	case closing:
		return "closing"
	case refusing:
		return "refusing"
	case discarding:
		return "discarding"
	default:
		return fmt.Sprintf("httpPhase(%d)", uint8(p))
	}
}

// httpConn is a connection of HTTP. What it has to send is a list of answers,
// made into bytes as the socket takes them: so a client that doesn't read holds
// up the answers to one read, whatever their size, and nothing is read from
// it meanwhile.
type httpConn struct {
	w         *worker
	fd        int
	interest  uint32
	phase     httpPhase
	request   http1.RequestReader
	waiting   answerList // nil when nothing waits
	discarded int        // valid iff discarding
}

var _ poll.Handler = (*httpConn)(nil)

func newHTTP(w *worker, fd int) *httpConn {
	if w.answers == nil {
		w.answers = newAnswerWriter(w.config.Payload, w.pattern)
	}
	return &httpConn{w: w, fd: fd, interest: poll.Readable}
}

func (c *httpConn) start() error { return c.w.loop.Add(c.fd, c.interest, c) }

// Ready reads once and answers what came, or sends what waits.
func (c *httpConn) Ready(uint32) {
	if !c.step() {
		c.w.close(c.fd)
	}
}

func (c *httpConn) step() (alive bool) {
	switch {
	case c.waiting.answers != nil:
		return c.send(c.waiting)
	case c.phase == discarding:
		return c.discard()
	default:
		return c.serve()
	}
}

// serve reads once and answers the requests that are complete.
func (c *httpConn) serve() (alive bool) {
	n, err := poll.Read(c.fd, c.w.buf[:httpRead])
	if n == 0 || err != nil {
		return err == unix.EAGAIN
	}
	c.w.stats.bytes.Add(uint64(n))
	answers := c.take(c.w.buf[:n], c.w.answers.list[:0])
	c.w.answers.list = answers
	if len(answers) == 0 {
		return true
	}
	return c.send(answerList{answers: answers})
}

// take reads the requests in b and adds an answer to each to list.
func (c *httpConn) take(b []byte, list []answer) []answer {
	requests := uint64(0)
	for len(b) > 0 && c.phase == serving {
		n, event, err := c.request.Feed(b)
		b = b[n:]
		switch {
		case err != nil:
			c.phase = refusing
			list = append(list, answer{head: refusal})
		case event == http1.Continue:
			list = append(list, answer{head: proceed})
		case event == http1.Complete:
			requests++
			list = append(list, c.answer())
		}
	}
	if len(b) > 0 && c.phase == closing {
		c.phase = refusing // what follows isn't answered
	}
	c.w.stats.requests.Add(requests)
	return list
}

// answer is the one to the request just read.
func (c *httpConn) answer() answer {
	a := answer{head: plain, tag: c.request.Tag(), body: string(c.request.Method()) != "HEAD"}
	switch {
	case !c.request.KeepAlive():
		a.head = final
		c.phase = closing
	case c.request.Minor() == 0:
		a.head = keptAlive
	}
	return a
}

// send writes once. What the socket doesn't take waits until it does.
func (c *httpConn) send(l answerList) (alive bool) {
	b := c.w.answers.bytes(l)
	n, err := poll.Write(c.fd, b)
	if err != nil && err != unix.EAGAIN {
		return false
	}
	rest := c.w.answers.after(l, n)
	if len(rest.answers) == 0 {
		c.waiting = answerList{}
		return c.sent()
	}
	if c.waiting.answers == nil {
		rest.answers = append([]answer(nil), rest.answers...) // the loop's until now
	}
	c.waiting = rest
	return c.want(poll.Writable)
}

// sent is called when no answer waits any more.
func (c *httpConn) sent() (alive bool) {
	switch c.phase {
	case closing:
		return false
	case refusing:
		c.phase = discarding
		return poll.CloseWrite(c.fd) == nil && c.want(poll.Readable)
	default:
		return c.want(poll.Readable)
	}
}

func (c *httpConn) discard() (alive bool) {
	n, err := poll.Read(c.fd, c.w.buf)
	if n == 0 || err != nil {
		return err == unix.EAGAIN
	}
	c.discarded += n
	return c.discarded < httpDiscard
}

func (c *httpConn) want(interest uint32) (alive bool) {
	if interest == c.interest {
		return true
	}
	c.interest = interest
	return c.w.loop.Modify(c.fd, interest) == nil
}
