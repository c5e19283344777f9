package engine

// loops implements driver.
func (d *reactorDriver) loops() []LoopStats {
	all := make([]LoopStats, len(d.workers))
	for i, w := range d.workers {
		all[i] = w.stats()
	}
	return all
}

// stats returns the loop's figures. Any goroutine.
func (w *worker) stats() LoopStats {
	s := LoopStats{
		Sessions: int(w.sessions.count.Load() + w.visitors.count.Load()),
		Busy:     w.loop.Busy(), Lag: w.loop.Lag(), Lags: newHistogram(),
	}
	w.lags.addTo(&s.Lags)
	return s
}
