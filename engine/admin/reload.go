package admin

import (
	"errors"
	"net/http"

	"github.com/proxy-engine/proxy-engine/engine"
)

// reload has the program read its configuration again. What is wrong with it is told,
// and nothing changed then.
func (s *Server) reload(w http.ResponseWriter, _ *http.Request) {
	if s.o.Reload == nil {
		fail(w, http.StatusNotImplemented, "the program has no configuration that could be read again")
		return
	}
	done, err := s.o.Reload()
	switch {
	case errors.Is(err, engine.ErrDraining):
		fail(w, http.StatusConflict, err.Error())
	case err != nil:
		fail(w, http.StatusUnprocessableEntity, err.Error())
	default:
		say(w, done)
	}
}
