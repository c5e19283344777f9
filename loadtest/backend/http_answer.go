//go:build linux

package backend

import (
	"fmt"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/http1"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

// answerHead is one of the heads that answers have.
type answerHead uint8

const (
	plain     answerHead = iota // 200 on a connection that stays, as usual in HTTP/1.1
	keptAlive                   // 200 on one that stays because an HTTP/1.0 client asked for it
	final                       // 200 on one that is closed
	proceed                     // 100: the client may send the body
	refusal                     // 400 to what is no request; closed too

	answerHeads
)

// answer is what makes an answer's bytes.
type answer struct {
	tag  uint64
	head answerHead
	body bool // follows the head
}

// answerList is a queue of answers, some bytes of whose first are gone.
type answerList struct {
	answers []answer
	gone    int // less than the first answer's size
}

// answerWriter makes the bytes of answers; one for all connections of a loop.
type answerWriter struct {
	heads   [answerHeads][]byte
	payload int
	content http1.Content
	out     []byte
	list    []answer // room for those of one read
}

func newAnswerWriter(payload int, p *stream.Pattern) *answerWriter {
	w := &answerWriter{payload: payload, content: http1.Content{Pattern: p}, out: make([]byte, stream.ChunkSize)}
	for h := range answerHeads {
		w.heads[h] = []byte("HTTP/1.1 " + h.lines(payload) + "\r\n\r\n")
	}
	return w
}

// lines is the head for a body of payload bytes, without the version.
func (h answerHead) lines(payload int) string {
	ok := fmt.Sprintf("200 OK\r\nServer: loadtest\r\nContent-Type: application/octet-stream\r\nContent-Length: %d", payload)
	switch h {
	case keptAlive:
		return ok + "\r\nConnection: keep-alive"
	case final:
		return ok + "\r\nConnection: close"
	case proceed:
		return "100 Continue"
	case refusal:
		return "400 Bad Request\r\nServer: loadtest\r\nContent-Length: 0\r\nConnection: close"
	default:
		return ok
	}
}

// bytes returns the next bytes of a list, as many as there is room for. They
// are valid until the next call.
func (w *answerWriter) bytes(l answerList) []byte {
	filled := 0
	for _, a := range l.answers {
		filled += w.copyAt(w.out[filled:], a, l.gone)
		l.gone = 0
		if filled == len(w.out) {
			break
		}
	}
	return w.out[:filled]
}

// after is the list without its next n bytes.
func (w *answerWriter) after(l answerList, n int) answerList {
	l.gone += n
	for len(l.answers) > 0 && l.gone >= w.size(l.answers[0]) {
		l.gone -= w.size(l.answers[0])
		l.answers = l.answers[1:]
	}
	return l
}

func (w *answerWriter) size(a answer) int {
	size := len(w.heads[a.head])
	if a.body {
		size += w.payload
	}
	return size
}

// copyAt copies what stands in an answer from offset on, as much as fits.
func (w *answerWriter) copyAt(to []byte, a answer, offset int) int {
	to = to[:min(len(to), w.size(a)-offset)]
	head := w.heads[a.head]
	n := 0
	if offset < len(head) {
		n = copy(to, head[offset:])
	}
	if n < len(to) {
		w.content.SetTag(a.tag)
		w.content.CopyAt(to[n:], uint64(offset+n-len(head)))
	}
	return len(to)
}
