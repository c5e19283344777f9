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
