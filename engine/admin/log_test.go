package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin/api"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// fakeLog is a log that takes every level but loud. Its zero value logs errors.
type fakeLog struct{ level, sessions string }

func (l *fakeLog) Log() api.Log {
	now := api.Log{Level: "error", Sessions: "errors"}
	if l.level != "" {
		now.Level = l.level
	}
	if l.sessions != "" {
		now.Sessions = l.sessions
	}
	return now
}

func (l *fakeLog) SetLog(to api.Log) error {
	if to.Level == "loud" {
		return errors.New("want debug, info, warn or error")
	}
	if to.Level != "" {
		l.level = to.Level
	}
	if to.Sessions != "" {
		l.sessions = to.Sessions
	}
	return nil
}

func TestLogIsShownAndChanged(t *testing.T) {
	s := start(t, engine.Goroutine, func(o *Options) { o.Log = new(fakeLog) })
	for _, c := range []struct {
		method, query string
		status        int
		want          api.Log
	}{
		{http.MethodGet, "", http.StatusOK, api.Log{Level: "error", Sessions: "errors"}},
		{http.MethodPost, "?level=debug", http.StatusOK, api.Log{Level: "debug", Sessions: "errors"}},
		{http.MethodPost, "?sessions=all", http.StatusOK, api.Log{Level: "debug", Sessions: "all"}},
		{http.MethodPost, "?level=info&sessions=off", http.StatusOK, api.Log{Level: "info", Sessions: "off"}},
		{http.MethodPost, "", http.StatusBadRequest, api.Log{}},
		{http.MethodPost, "?level=loud&sessions=all", http.StatusBadRequest, api.Log{}},
		{http.MethodGet, "", http.StatusOK, api.Log{Level: "info", Sessions: "off"}},
	} {
		body := s.want(c.status, c.method, "/log"+c.query, actionHeader, "1")
		var got api.Log
		enginetest.Must(t, json.Unmarshal([]byte(body), &got))
		if got != c.want {
			t.Errorf("%s /log%s: %s, want %+v", c.method, c.query, body, c.want)
		}
	}
	if why := s.want(http.StatusBadRequest, http.MethodPost, "/log?level=loud", actionHeader, "1"); !strings.Contains(why, "want debug") {
		t.Errorf("a wrong level: %s", why)
	}
}

func TestLogWithoutControl(t *testing.T) {
	s := start(t, engine.Goroutine, nil)
	s.want(http.StatusNotImplemented, http.MethodGet, "/log")
	s.want(http.StatusNotImplemented, http.MethodPost, "/log?level=debug", actionHeader, "1")
}
