package engine

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// SessionLogMode says which sessions and HTTP requests have a line in the log at
// their end.
type SessionLogMode uint8

// The modes.
const (
	// LogErrors: those whose end an operator may want to look at; how many of a
	// reason in a second is limited.
	LogErrors SessionLogMode = iota
	// LogOff: none.
	LogOff
	// LogSampled: those of LogErrors, and of the others one in SessionLog.Sample.
	LogSampled
	// LogAll: those of LogErrors, and all others.
	LogAll
	sessionLogModes
)

var sessionLogModeNames = [sessionLogModes]string{LogErrors: "errors", LogOff: "off", LogSampled: "sampled", LogAll: "all"}

// String returns the mode's name, as settings have it.
func (m SessionLogMode) String() string {
	if m < sessionLogModes {
		return sessionLogModeNames[m]
	}
	return "unknown"
}

// ParseSessionLogMode is the inverse of String.
func ParseSessionLogMode(text string) (SessionLogMode, error) {
	for m, name := range sessionLogModeNames {
		if text == name {
			return SessionLogMode(m), nil
		}
	}
	return 0, fmt.Errorf("unknown mode %q of the log of sessions: want off, sampled, errors or all", text)
}

// SessionLog says what is logged of sessions and HTTP requests at their end. The
// zero value logs errors.
type SessionLog struct {
	Mode SessionLogMode
	// Sample is of how many ordinary ends one is logged by LogSampled: the first,
	// and from there on each Sample-th.
	Sample int
}

var errSample = errors.New("log of sessions: one in less than 1 can't be sampled")

func (s SessionLog) validate() error {
	switch {
	case s.Mode >= sessionLogModes:
		return fmt.Errorf("log of sessions: unknown mode %d", s.Mode)
	case s.Mode == LogSampled && s.Sample < 1:
		return errSample
	}
	return nil
}

// chooses says whether an end has a line. ends counts the ordinary ones, if they
// are sampled.
func (s *SessionLog) chooses(ordinary bool, ends *atomic.Uint64) bool {
	switch {
	case s.Mode == LogOff:
		return false
	case !ordinary || s.Mode == LogAll:
		return true
	case s.Mode == LogSampled:
		return (ends.Add(1)-1)%uint64(s.Sample) == 0
	}
	return false
}

// SetSessionLog has what ends from now on be logged otherwise. Any goroutine.
func (e *Engine) SetSessionLog(how SessionLog) error {
	if err := how.validate(); err != nil {
		return err
	}
	e.log.choose(how)
	return nil
}

// SessionLog says what is logged of sessions now. Any goroutine.
func (e *Engine) SessionLog() SessionLog { return *e.log.how.Load() }

// logDropped is how many lines the logger has left out.
func (e *Engine) logDropped() uint64 {
	if dropped := e.cfg().LogDropped; dropped != nil {
		return dropped()
	}
	return 0
}
