package admin

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// healthPatience is how long an event loop may take to do what it is told.
	healthPatience = 2 * time.Second
	// healthHolds is for how long what was found out holds: whoever asks more often costs
	// the loops nothing.
	healthHolds = time.Second
)

// health knows whether all event loops do what they are told. The zero value asks.
type health struct {
	mu    sync.Mutex // held while they are asked
	good  bool
	until time.Time // it holds
}

func (h *health) ask(responsive func(context.Context) bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Now().Before(h.until) {
		return h.good
	}
	ctx, cancel := context.WithTimeout(context.Background(), healthPatience)
	defer cancel()
	h.good = responsive(ctx)
	h.until = time.Now().Add(healthHolds)
	return h.good
}

// healthy says that the process needn't be started anew.
func (s *Server) healthy(w http.ResponseWriter, _ *http.Request) {
	if !s.health.ask(s.engine.Responsive) {
		fail(w, http.StatusServiceUnavailable, "an event loop hangs")
		return
	}
	say(w, statusBody{"ok"})
}
