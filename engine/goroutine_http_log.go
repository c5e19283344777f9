package engine

import (
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/http"
)

// note adds the time in the present state to that of the request under way, or of
// the connection before there was one.
func (s *goroutineWeb) note(now time.Duration) {
	switch general := s.state.state(); {
	case general == Detecting: // requests that come and go: clients wait with them as they like
	case s.request != nil:
		s.request.times.note(general, s.entered, now)
	case s.state == webIntroducing || s.state == webSecuring:
		s.times.note(general, s.entered, now)
	}
}

// reject answers a request that was understood, up to a point, and closes.
func (r *goroutineExchange) reject(why http.Reason, reason Reason) {
	r.requestRecord.refuse(why.Answer().Status, reason, nil)
	r.log() // before the client takes its time to leave
	r.s.reject(why, &r.about, reason)
}

// log writes the line of the request, which has ended, once.
func (r *goroutineExchange) log() {
	s := r.s
	if r.logged {
		return
	}
	r.logged = true
	r.stopReading()
	now := time.Since(s.started)
	s.note(now)
	if s.state != webEnded {
		s.state, s.entered = webReading, now // what this request was in isn't the next one's
	}
	switch {
	case r.refused:
	case s.port.d.stopping():
		r.reason = Drained
	default:
		r.reason = s.reason
	}
	s.port.d.e.log.request(&requestEnding{
		requestRecord: &r.requestRecord, listener: s.port.spec, client: s.peer, resource: r.request.Key(), route: r.route,
		total: time.Since(r.begun), fromClient: r.requestBytes(), toClient: s.toClient - r.before,
	})
}

// requestBytes is how much has come of the request.
func (r *goroutineExchange) requestBytes() uint64 {
	consumed := r.s.received.Load() - uint64(len(r.s.kept))
	return max(consumed-r.start, uint64(r.size))
}
