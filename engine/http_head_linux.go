package engine

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/http"
)

// appendRequest appends the head for the backend.
func (s *webSession) appendRequest(dst []byte) []byte {
	x, w := s.x, s.port.w
	h := &w.e.cfg.HTTP
	to := http.Forwarding{Trusted: s.trusted, Bare: h.Bare, Via: h.Via}
	var address [64]byte
	if !h.Bare {
		to.Client = s.peer.Addr().Unmap().WithZone("").AppendTo(address[:0])
	}
	if h.BackendHost {
		to.Host = []byte(s.route.Endpoint)
	}
	if !h.Bare && len(x.request.RequestID()) == 0 {
		to.RequestID = w.ids.next()
	}
	return x.request.Append(dst, &to)
}

// requestIDs makes ids no other request has: random for the loop, and counted.
type requestIDs struct {
	seed [16]byte
	made uint64
	text [32]byte
}

func newRequestIDs() requestIDs {
	var ids requestIDs
	_, _ = rand.Read(ids.seed[:]) // never fails
	return ids
}

// next returns an id, valid until the next.
func (ids *requestIDs) next() []byte {
	ids.made++
	id := ids.seed
	binary.BigEndian.PutUint64(id[8:], binary.BigEndian.Uint64(id[8:])^ids.made)
	hex.Encode(ids.text[:], id[:])
	return ids.text[:]
}

// appendResponse appends the head for the client, of an interim response or of
// the final one.
func (s *webSession) appendResponse(dst []byte) []byte {
	x := s.x
	if x.response.Interim() {
		if !x.response.Passes(&x.about) {
			return dst
		}
		return x.response.Append(dst, &x.about, &http.Reply{})
	}
	x.headed = true
	// A client that is still sending its request can't be told from the next.
	e := s.port.w.e
	h := &e.cfg.HTTP
	reply := http.Reply{Close: !x.up.Done() || e.draining.Load(), Via: h.Via, AssumeOK: h.AssumeOK}
	reply.Extra = s.telemetry()
	x.closes = !x.response.KeepsClient(&x.about, &reply)
	x.response.StartBody(&x.down, &x.about)
	return x.response.Append(dst, &x.about, &reply)
}

// telemetry returns the lines that tell the client how it was served.
func (s *webSession) telemetry() []byte {
	w, x := s.port.w, s.x
	if !w.e.cfg.HTTP.Telemetry {
		return nil
	}
	lines := append(w.lines[:0], "X-Proxy-Resource: "...)
	lines = append(append(lines, s.route.Resource...), "\r\nX-Proxy-Cached: "...)
	lines = append(strconv.AppendBool(lines, x.cached), "\r\nX-Proxy-Upstream-Ms: "...)
	took := w.loop.Now() - x.begun
	lines = strconv.AppendFloat(lines, float64(took)/float64(time.Millisecond), 'f', 3, 64)
	lines = append(lines, "\r\n"...)
	w.lines = lines
	return lines
}

// reject answers a client whose request can't be read: nobody knows where the
// next would begin.
func (s *webSession) reject(why http.Reason, reason Reason) {
	answer := why.Answer()
	s.client.Send(answer.Append(s.port.w.scratch[:0], &http.Exchange{}))
	s.box.drop()
	s.end(reason)
}

// rejectRequest answers one whose request was understood, up to a point.
func (s *webSession) rejectRequest(why http.Reason, reason Reason) {
	answer := why.Answer()
	s.x.about.KeepAlive = false
	s.client.Send(answer.Append(s.port.w.scratch[:0], &s.x.about))
	s.end(reason)
}

// rejectResponse answers for a backend that doesn't speak HTTP, or not any more.
func (s *webSession) rejectResponse(why http.Reason) {
	s.x.link.Conn.Reset()
	if why != http.NoResponse {
		why = http.BadResponse
	}
	answer := why.Answer()
	s.reply(&answer, BackendMalformed)
}

// refuse answers that the request can't be served, and why.
func (s *webSession) refuse(reason Reason, cause error) {
	resource := string(s.x.request.Key())
	failure, speak := reason.failure(resource)
	if !speak {
		failure = codecs.Failure{Kind: codecs.Internal}
	}
	s.port.w.e.log.refused(s.port.spec, s.peer, resource, reason, cause)
	answer := http.Refusal(failure)
	s.reply(&answer, reason)
}

// reply answers in the backend's place. The connection goes on if the client
// has sent its whole request.
func (s *webSession) reply(answer *http.Answer, reason Reason) {
	x := s.x
	if !x.up.Done() {
		x.about.KeepAlive = false
	}
	keep := x.about.KeepAlive
	s.client.Send(answer.Append(s.port.w.scratch[:0], &x.about))
	s.port.w.e.counters.refused[reason].Add(1)
	if !keep {
		s.end(reason)
		return
	}
	s.skipHead()
	s.answered(true)
}

// skipHead consumes the head of a request that was answered before it was
// forwarded.
func (s *webSession) skipHead() {
	if !s.x.sent {
		s.box.keep(s.box.bytes()[s.x.size:])
	}
}
