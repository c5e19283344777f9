package codectest

import (
	"bytes"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// absorb checks a step on the input in and adds copies of it to the session.
func (s *Session) absorb(step codecs.Step, in []byte) {
	s.t.Helper()
	s.check(step, in)
	s.Action = step.Action
	s.ToClient = append(s.ToClient, step.ToClient...)
	s.ToBackend = append(s.ToBackend, step.ToBackend...)
	switch step.Action {
	case codecs.Route:
		s.Resource = bytes.Clone(step.Resource)
	case codecs.RouteKey:
		s.Wanted = bytes.Clone(step.Key)
	case codecs.Fail:
		s.Failure = step.Failure
	}
	if s.opened && step.Key != nil {
		s.Issued = append(s.Issued, bytes.Clone(step.Key))
	}
}

func (s *Session) check(step codecs.Step, in []byte) {
	s.t.Helper()
	routes := step.Action == codecs.Route || step.Action == codecs.RouteKey
	_, upgrades := s.codec.(codecs.Upgrader)
	turns := step.Action == codecs.StartTLS || step.Action == codecs.StartBackendTLS
	for _, rule := range []struct {
		broken bool
		text   string
	}{
		{step.Consumed < 0 || step.Consumed > len(in), "Consumed is outside the input"},
		{!s.opened && step.ToBackend != nil, "ToBackend before Open"},
		{!s.opened && step.Action == codecs.Relay, "Relay before Open"},
		{s.opened && routes, "a second route"},
		{s.opened && step.Action == codecs.StartTLS, "StartTLS after Open"},
		{!s.opened && step.Action == codecs.StartBackendTLS, "StartBackendTLS before Open"},
		{turns && !upgrades, "TLS without being an Upgrader"},
		{(step.Action == codecs.Route) != (step.Resource != nil), "Resource must be there iff Action is Route"},
		{step.Action == codecs.RouteKey && step.Key == nil, "RouteKey without Key"},
		{!s.opened && step.Action != codecs.RouteKey && step.Key != nil, "Key before Open"},
		{step.Action != codecs.Fail && step.Failure != codecs.Failure{}, "Failure without Fail"},
	} {
		if rule.broken {
			s.t.Errorf("%s: %+v on %q", rule.text, step, in)
		}
	}
}
