package admin

import (
	"net/http"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// drainAll begins what SIGTERM does. Once begun there is nothing more to begin: a
// second request says the same.
func (s *Server) drainAll(w http.ResponseWriter, _ *http.Request) {
	if s.o.Drain == nil {
		fail(w, http.StatusNotImplemented, "this program can't be ended from here")
		return
	}
	s.drain.Do(func() {
		s.o.Logger.Info("to be drained", "why", "asked by an operator")
		s.o.Drain()
	})
	say(w, api.Done{Status: "draining", Count: int(s.engine.Stats().Active)})
}
