package engine

import "time"

// count counts bytes that have come from a side, on its goroutine. The first of the
// backend end the wait for them.
func (s *goroutineSession) count(from *peer, n int) {
	if n == 0 {
		return
	}
	from.received += uint64(n)
	if from == &s.client {
		s.face.moved(uint64(n), 0)
		return
	}
	s.face.moved(0, uint64(n))
	if asked := s.asked.Load(); asked > 0 && from.received == uint64(n) {
		s.face.firstByte.observe(time.Since(s.started) - time.Duration(asked))
	}
}

// asks notes that the backend is being sent something.
func (s *goroutineSession) asks() {
	if s.asked.Load() == 0 {
		s.asked.CompareAndSwap(0, int64(time.Since(s.started)))
	}
}

// track notes that the session is in use, and tells the resolver, now and then. Either of
// its goroutines.
func (s *goroutineSession) track() {
	e := s.port.d.e
	now, told, interval := int64(time.Since(s.started)), s.tracked.Load(), e.cfg().TrackInterval
	if now-told < int64(interval) || !s.tracked.CompareAndSwap(told, now) {
		return
	}
	s.resource.Used(e.resources.Now(), interval)
	e.tracker().put(trackActivity, s.face.route.Load(), s.addr, s.face.fromClient.Load(), s.face.toClient.Load())
}
