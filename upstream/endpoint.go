// Package upstream holds what is known about backends: which of a resource's
// endpoints a session goes to ([Registry.Pick]), a breaker and the health of each,
// exact counters, and what a failed attempt means.
//
// The life of an attempt, on any goroutine or event loop:
//
//	Pick ──► Choice ──► connect, TLS, first answer ──► Report ──► ... ──► Release
//	  │                                │ fails
//	  └ nobody admits: Trouble         └──► Report, Release, Pick again with tried
package upstream

import (
	"sync/atomic"
	"time"
)

// Endpoint is one backend address as the resolver named it, with exact
// counters since it was first seen. Made by a Registry. Safe for concurrent use.
type Endpoint struct {
	// Name is "host:port".
	Name string

	common  *common
	breaker breaker
	health  atomic.Uint32    // a Health
	forced  atomic.Uint32    // a Forced; stored under the breaker's lock
	trouble atomic.Uint32    // an Outcome
	wanted  atomic.Int64     // when it was wanted last, as common.at, to a second
	renewed atomic.Int64     // when its check was renewed last, as common.at; 0 if never
	checks  [2]atomic.Uint64 // those that failed, those that succeeded

	sessions   atomic.Int64
	outcomes   [outcomes]atomic.Uint64
	reports    [outcomes]atomic.Uint64
	refused    atomic.Uint64
	fromClient atomic.Uint64
	toClient   atomic.Uint64
}

func newEndpoint(name string, c *common) *Endpoint {
	e := &Endpoint{Name: name, common: c}
	e.breaker.word.Store(uint32(firstTicket))
	return e
}

// Admit asks for a place for one attempt. The zero Ticket means no: the breaker is
// open or the endpoint's health is down, and Trouble says why, or an operator has
// closed it (Forced). While the breaker is half-open exactly one attempt is admitted.
// Any other Ticket is owed a Report.
func (e *Endpoint) Admit(now time.Time) Ticket {
	at := e.common.at(now)
	e.want(at)
	t := e.ask(at)
	if t == 0 {
		e.refused.Add(1)
	}
	return t
}

// want notes that a session wants the endpoint. All loops share the line: it is
// written once a second.
func (e *Endpoint) want(at time.Duration) {
	if last := e.wanted.Load(); int64(at)-last >= int64(time.Second) || last == 0 {
		e.wanted.Store(int64(max(at, 1)))
	}
}

// Report says how the attempt ended that Admit gave the Ticket to: exactly once
// per Ticket, as soon as it is known. The zero Ticket is ignored, so that one who
// zeroes it afterwards may report at every end.
func (e *Endpoint) Report(t Ticket, o Outcome, now time.Time) {
	if t == 0 {
		return
	}
	e.reports[o].Add(1)
	v := o.verdict()
	if v == failure {
		e.fail(o)
	}
	e.breaker.report(e, t, v, e.common.at(now))
}

// fail remembers what went wrong last.
func (e *Endpoint) fail(o Outcome) { e.trouble.Store(uint32(o)) }

// Trouble is the last failure: what clients are told that aren't admitted.
// Connected if there hasn't been one.
func (e *Endpoint) Trouble() Outcome { return Outcome(e.trouble.Load()) }

// Attempted counts how one connection attempt ended. There is one per address
// that is dialled; the breaker goes by Report alone.
func (e *Endpoint) Attempted(o Outcome) {
	e.outcomes[o].Add(1)
	e.common.attempts[o].Add(1)
}

// Acquire counts a session that uses the endpoint, Release its end and what it
// relayed, in bytes, as far as Moved hasn't counted that.
func (e *Endpoint) Acquire() { e.sessions.Add(1) }

// Release undoes Acquire.
func (e *Endpoint) Release(fromClient, toClient uint64) {
	e.Moved(fromClient, toClient)
	e.sessions.Add(-1)
}

// Moved counts what a session that uses the endpoint has relayed, in bytes.
func (e *Endpoint) Moved(fromClient, toClient uint64) {
	e.fromClient.Add(fromClient)
	e.toClient.Add(toClient)
}

// ConnectTimeout returns how long the next connection attempt may take: the
// time that is left, shared evenly among the addresses that are left, so that
// one black hole doesn't use up the time of the others.
func ConnectTimeout(left time.Duration, addresses int) time.Duration {
	return left / time.Duration(max(addresses, 1))
}
