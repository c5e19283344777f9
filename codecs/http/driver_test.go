package http

import "testing"

// outcome is what became of one message. Two that should be the same compare
// as equal.
type outcome struct {
	why Reason
	// complete: the message has ended, after consumed bytes.
	complete bool
	consumed int
	key      string
	// head and body are what is passed on.
	head, body string
	exchange   Exchange
	framing    Framing
	// keeps and reusable are a response's.
	keeps, reusable bool
}

// passRequest reads one request that arrives in chunks, as a driver does.
func passRequest(p *Parser, to *Forwarding, chunks [][]byte) (got outcome) {
	var r Request
	var scan Scan
	return passMessage(chunks, func(in []byte, b *Body, got *outcome) (n int, final bool) {
		if n, got.why = p.Request(&r, in, &scan); n == 0 {
			return 0, false
		}
		got.key, got.head = string(r.Key()), string(r.Append(nil, to))
		got.exchange, got.framing = r.Exchange(), r.framing
		r.StartBody(b)
		return n, true
	})
}

// passResponse reads one final response and what precedes it.
func passResponse(p *Parser, ex Exchange, chunks [][]byte) (got outcome) {
	var r Response
	var scan Scan
	return passMessage(chunks, func(in []byte, b *Body, got *outcome) (n int, final bool) {
		if n, got.why = p.Response(&r, in, &scan, &ex); n == 0 {
			return 0, false
		}
		if r.Passes(&ex) {
			got.head += string(r.Append(nil, &ex, &Reply{}))
		}
		got.exchange, got.framing = ex, r.framing
		got.keeps, got.reusable = r.KeepsClient(&ex, &Reply{}), r.Reusable()
		r.StartBody(b, &ex)
		return n, !r.Interim()
	})
}

// passMessage feeds chunks to head until that has the final one, then to the
// body, and says that the sender has closed.
func passMessage(chunks [][]byte, head func([]byte, *Body, *outcome) (int, bool)) (got outcome) {
	var body Body
	var pending []byte
	headed := false
	for _, chunk := range chunks {
		pending = append(pending, chunk...)
		for !headed && len(pending) > 0 {
			var n int
			if n, headed = head(pending, &body, &got); n == 0 {
				break
			}
			got.consumed += n
			pending = pending[n:]
		}
		if got.why != OK {
			return got
		}
		if headed {
			got.feed(&body, pending)
			pending = nil
		}
	}
	got.why = body.Failed()
	got.complete = headed && body.End()
	return got
}

// feed passes bytes of a body, each piece read before the next call.
func (got *outcome) feed(b *Body, in []byte) {
	for len(in) > 0 && !b.Done() && b.Failed() == OK {
		piece, n := b.Next(in)
		got.body += string(piece)
		got.consumed += n
		in = in[n:]
	}
}

func whole(in string) [][]byte { return [][]byte{[]byte(in)} }

var plainForwarding = &Forwarding{Bare: true}

func get(t *testing.T, in string) outcome {
	t.Helper()
	got := passRequest(NewParser(Limits{}), plainForwarding, whole(in))
	if got.why != OK || !got.complete {
		t.Fatalf("%q: %v, complete: %v", in, got.why, got.complete)
	}
	return got
}
