package admin

import (
	"net/http"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// LogControl is the program's log, of which more or less can be written from now on.
// Both methods may be called on any goroutine.
type LogControl interface {
	// Log says what is logged now.
	Log() api.Log
	// SetLog changes what its argument names, "" for no change: all of it or, with an
	// error that says what is wrong, nothing.
	SetLog(api.Log) error
}

// noLog is what is said where the program gives no hold of its log.
const noLog = "this program's log can't be changed"

func (s *Server) log(w http.ResponseWriter, _ *http.Request) {
	if s.o.Log == nil {
		fail(w, http.StatusNotImplemented, noLog)
		return
	}
	say(w, s.o.Log.Log())
}

// setLog has the query's level and sessions be logged from now on.
func (s *Server) setLog(w http.ResponseWriter, r *http.Request) {
	if s.o.Log == nil {
		fail(w, http.StatusNotImplemented, noLog)
		return
	}
	q := r.URL.Query()
	to := api.Log{Level: q.Get("level"), Sessions: q.Get("sessions")}
	if to == (api.Log{}) {
		fail(w, http.StatusBadRequest, "want level=LEVEL, sessions=WHICH, or both")
		return
	}
	if err := s.o.Log.SetLog(to); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	now := s.o.Log.Log()
	s.o.Logger.Info("log changed", "to_level", now.Level, "sessions", now.Sessions)
	say(w, now)
}
