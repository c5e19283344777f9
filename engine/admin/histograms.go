package admin

import (
	"strconv"

	"github.com/proxy-engine/proxy-engine/engine"
)

// histogram is a row of the table of histograms, as metric is of numbers.
type histogram struct {
	name, help string
	labels     []string
	collect    func(s *snapshot, emit func(h engine.Histogram, labels ...string))
}

// histograms returns the table.
func histograms() []histogram {
	return []histogram{
		{"proxy_engine_phase_duration_seconds", "How long sessions were in the states before the relay that they have left for another one, by state.", []string{"phase"}, collectPhases},
		{"proxy_engine_first_byte_seconds",
			"How long backends took to say something: of HTTP, from each request's head to the first byte of its response; else from the first byte that a session has sent its backend to the first one back.",
			[]string{"listener", "protocol"}, collectFirstBytes},
		{"proxy_engine_loop_lag_seconds", "How long timers had to wait for an event loop, and so events may have; there is one every second at least.", []string{"loop"}, collectLags},
	}
}

func collectPhases(s *snapshot, emit func(engine.Histogram, ...string)) {
	for state, h := range s.Phases {
		emit(h, state.String())
	}
}

func collectFirstBytes(s *snapshot, emit func(engine.Histogram, ...string)) {
	for _, l := range s.Listeners {
		emit(l.FirstByte, l.Name, l.Protocol)
	}
}

func collectLags(s *snapshot, emit func(engine.Histogram, ...string)) {
	for i, l := range s.Loops {
		emit(l.Lags, strconv.Itoa(i))
	}
}
